"""
What costs although nothing happens: followers of a quiet job, and jobs that have
ended.
"""

from __future__ import annotations

import asyncio
import time

import grpc
import uvloop

from tests.callers import Caller, calling, channelCredentials, metadata
from tests.daemons import Daemon

from .calls import rate, timed
from .measuring import Row
from .memory import together
from .site import runningDaemon

_FOLLOWERS = 1000
#: Followers on one connection: as many as the server lets have streams, less one.
_TOGETHER = 250


def percentile(values: list[float], share: float) -> float:
    """
    Find the value that so large a share of all does not exceed.
    """
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


async def idle(daemon: Daemon, many: int, during: object) -> None:
    """
    Have many followers wait for a quiet job, and call something meanwhile in
    another thread.
    """
    target = f"127.0.0.1:{daemon.port}"
    channels = [
        grpc.aio.secure_channel(
            target, channelCredentials(), (("grpc.use_local_subchannel_pool", 1),)
        )
        for _ in range(-(-many // _TOGETHER))
    ]
    callers = [Caller(channel, metadata()) for channel in channels]
    job = await callers[0].start("sleep", "600")
    streams = [callers[number // _TOGETHER].read(job) for number in range(many)]
    for stream in streams:
        await stream.read()
    await asyncio.get_running_loop().run_in_executor(None, during)  # type: ignore[arg-type]
    for stream in streams:
        stream.cancel()
    for channel in channels:
        await channel.close()


def measureIdle(scale: float) -> tuple[float, None]:
    """
    Let a thousand followers wait: kilobytes of memory for each.
    """
    many = int(_FOLLOWERS * scale)
    found: list[float] = []
    with runningDaemon() as daemon:
        with calling(daemon) as caller:
            job = caller.start("sleep", "600")
            timed(lambda: caller.query(job), 200)
        before = together(daemon)
        uvloop.run(idle(daemon, many, lambda: found.append(together(daemon))))
    return (found[0] - before) / many, None


def measureBeside(scale: float) -> tuple[float, float]:
    """
    Query beside a thousand idle followers, and without: p99 in milliseconds.
    """
    many, times = int(_FOLLOWERS * scale), int(3000 * scale)
    found: list[float] = []

    def queries() -> None:
        with calling(daemon) as caller:
            job = caller.start("sleep", "600")
            timed(lambda: caller.query(job), 100)
            found.append(percentile(timed(lambda: caller.query(job), times), 0.99))

    with runningDaemon() as daemon:
        queries()
        uvloop.run(idle(daemon, many, queries))
    return found[1], found[0]


def measureFinished(scale: float) -> tuple[float, None]:
    """
    Run ten thousand jobs to their end: kilobytes of memory for each.
    """
    many = int(10_000 * scale)

    async def start(port: int, times: int) -> None:
        target = f"127.0.0.1:{port}"
        async with grpc.aio.secure_channel(target, channelCredentials()) as channel:
            caller = Caller(channel, metadata())
            await rate(lambda: caller.start("true"), times, 8)

    with runningDaemon() as daemon:
        uvloop.run(start(daemon.port, max(many // 20, 100)))
        settle(daemon)
        before = together(daemon)
        uvloop.run(start(daemon.port, many))
        settle(daemon)
        return (together(daemon) - before) / many, None


def settle(daemon: Daemon) -> None:
    """
    Wait until the last jobs that were started have ended.
    """
    with calling(daemon) as caller:
        job = caller.start("true")
        for _ in caller.read(job):
            pass
    time.sleep(1)


ROWS = (
    Row(
        "idle", "an idle follower of many, memory", "KB", 60, measureIdle, smaller=True
    ),
    Row(
        "beside",
        "query p99 beside many idle followers; limit: without",
        "ms",
        2.0,
        measureBeside,
        smaller=True,
        ratio=True,
    ),
    Row(
        "finished",
        "a finished job of many, memory",
        "KB",
        4,
        measureFinished,
        smaller=True,
        once=True,
    ),
)
