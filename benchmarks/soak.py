"""
Run ten thousand short jobs beside two hundred long ones and a hundred
followers, and watch what grows: C{python -m benchmarks.soak [JOBS]}.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import grpc
import uvloop
from attrs import frozen

from tests.callers import Caller, channelCredentials, metadata
from tests.daemons import Daemon

from .calls import rate
from .idle import settle
from .memory import gatewayOf, resident, supervisorOf
from .site import runningDaemon

_RUNNING = 200
_FOLLOWERS = 100
_STEPS = 5


@frozen
class Size:
    """
    What a process holds.

    @ivar memory: Kilobytes that are its own.
    @ivar children: Processes that it has to wait for, zombies included.
    """

    memory: float
    descriptors: int
    threads: int
    children: int
    zombies: int


def sizeOf(process: int) -> Size:
    """
    Look at a process.
    """
    tasks = os.listdir(f"/proc/{process}/task")
    children = [
        child
        for task in tasks
        for child in Path(f"/proc/{process}/task/{task}/children").read_text().split()
    ]
    zombies = 0
    for child in children:
        try:
            zombies += b") Z " in Path(f"/proc/{child}/stat").read_bytes()
        except FileNotFoundError:
            continue
    return Size(
        resident(process),
        len(os.listdir(f"/proc/{process}/fd")),
        len(tasks),
        len(children),
        zombies,
    )


def look(daemon: Daemon, done: int) -> None:
    """
    Print a line for each process.
    """
    for name, process in (
        ("gateway", gatewayOf(daemon)),
        ("supervisor", supervisorOf(daemon)),
    ):
        size = sizeOf(process)
        print(
            f"{time.strftime('%H:%M:%S')} {done:6} jobs  {name:10}"
            f"  {size.memory / 1024:7.1f} MB  {size.descriptors:5} descriptors"
            f"  {size.threads:3} threads  {size.children:4} children"
            f"  {size.zombies:2} zombies",
            flush=True,
        )


async def soak(daemon: Daemon, jobs: int) -> None:
    """
    Do it.
    """
    target = f"127.0.0.1:{daemon.port}"
    async with grpc.aio.secure_channel(target, channelCredentials()) as channel:
        caller = Caller(channel, metadata())
        script = "while :; do echo tick; sleep 5; done"
        long = [await caller.start("sh", "-c", script) for _ in range(_RUNNING)]
        followers = [
            asyncio.create_task(follow(caller, long[number % _RUNNING]))
            for number in range(_FOLLOWERS)
        ]
        look(daemon, 0)
        for step in range(_STEPS):
            await rate(lambda: caller.start("echo", "done"), jobs // _STEPS, 8)
            await asyncio.get_running_loop().run_in_executor(None, settle, daemon)
            look(daemon, (step + 1) * jobs // _STEPS)
        for job in long:
            await caller.kill(job)
        ends = await asyncio.gather(*followers)
        assert all(ends), "a follower saw no tick"


async def follow(caller: Caller, job: object) -> int:
    """
    Follow a job to its end.

    @return: How many bytes came.
    """
    got = 0
    async for reply in caller.read(job):  # type: ignore[arg-type]
        got += len(reply.chunk.data)
    return got


def errorsOf(daemon: Daemon) -> list[str]:
    """
    Find what the processes have logged that is an error.
    """
    log = daemon.said() + (daemon.state / "supervisor.log").read_text()
    words = ("#error", "#critical", "Traceback", "Unhandled")
    return [line for line in log.splitlines() if any(word in line for word in words)]


def main() -> int:
    """
    Soak, and say what was logged.

    @return: The exit status: 1 if an error was logged.
    """
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with runningDaemon() as daemon:
        uvloop.run(soak(daemon, jobs))
        settle(daemon)
        print("when all have ended:")
        look(daemon, jobs)
        errors = errorsOf(daemon)
    print(f"{len(errors)} errors were logged")
    print("\n".join(errors[:20]))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
