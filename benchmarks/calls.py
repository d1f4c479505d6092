"""
Starting and querying jobs, one at a time and many.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from statistics import median

import grpc
import uvloop

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling, channelCredentials, metadata

from .bare import bareServer
from .chain import chain
from .measuring import Row
from .site import runningDaemon


def timed(call: Callable[[], object], times: int) -> list[float]:
    """
    Say how long each of several calls takes, in milliseconds.
    """
    took = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        took.append((time.perf_counter() - begin) * 1000)
    return took


def rate(
    call: Callable[[], Awaitable[object]], times: int, width: int
) -> Awaitable[float]:
    """
    Make calls, so many at a time, and say how many a second there were.
    """

    async def work(rest: list[None]) -> None:
        while rest:
            rest.pop()
            await call()

    async def measure() -> float:
        await asyncio.gather(*(call() for _ in range(width)))
        rest = [None] * times
        begin = time.perf_counter()
        await asyncio.gather(*(work(rest) for _ in range(width)))
        return times / (time.perf_counter() - begin)

    return measure()


def measureStart(scale: float) -> tuple[float, float]:
    """
    Start jobs one after the other: median, in milliseconds.
    """
    times = int(400 * scale)
    with runningDaemon() as daemon, calling(daemon) as caller:
        timed(lambda: caller.start("true"), 20)
        figure = median(timed(lambda: caller.start("true"), times))
    return figure, median(_chained(times))


def measureStarts(scale: float) -> tuple[float, float]:
    """
    Start jobs sixteen at a time: how many a second.
    """
    times = int(2000 * scale)

    async def measure(port: int) -> float:
        target = f"127.0.0.1:{port}"
        async with grpc.aio.secure_channel(target, channelCredentials()) as channel:
            caller = Caller(channel, metadata())
            return await rate(lambda: caller.start("true"), times, 16)

    with runningDaemon() as daemon:
        figure = uvloop.run(measure(daemon.port))
    return figure, 1000 * times / sum(_chained(times))


def _chained(times: int) -> list[float]:
    """
    Time the least that starts can take, in milliseconds.
    """
    with chain() as once:
        timed(once, 20)
        return timed(once, times)


def measureQuery(scale: float) -> tuple[float, float]:
    """
    Query a job again and again: median, in milliseconds.
    """
    times = int(3000 * scale)
    with runningDaemon() as daemon, calling(daemon) as caller:
        job = caller.start("sleep", "600")
        timed(lambda: caller.query(job), 50)
        figure = median(timed(lambda: caller.query(job), times))
    with bareServer() as address, grpc.insecure_channel(address) as channel:
        bare = Caller(channel)
        timed(lambda: bare.query(pb.Job()), 50)
        return figure, median(timed(lambda: bare.query(pb.Job()), times))


def measureQueries(scale: float) -> tuple[float, float]:
    """
    Query a job 32 times at once: how many a second.
    """
    times = int(10_000 * scale)

    async def measure(port: int) -> float:
        target = f"127.0.0.1:{port}"
        async with grpc.aio.secure_channel(target, channelCredentials()) as channel:
            caller = Caller(channel, metadata())
            job = await caller.start("sleep", "600")
            return await rate(lambda: caller.query(job), times, 32)

    async def measureBare(address: str) -> float:
        async with grpc.aio.insecure_channel(address) as channel:
            caller = Caller(channel)
            return await rate(lambda: caller.query(pb.Job()), times, 32)

    with runningDaemon() as daemon:
        figure = uvloop.run(measure(daemon.port))
    with bareServer() as address:
        return figure, uvloop.run(measureBare(address))


ROWS = (
    Row(
        "start",
        "start, one at a time, p50; limit: the least it takes",
        "ms",
        4.0,
        measureStart,
        smaller=True,
    ),
    Row(
        "starts",
        "starts, 16 at a time; limit: the least, one at a time",
        "1/s",
        250,
        measureStarts,
    ),
    Row("query", "query, p50; limit: bare gRPC", "ms", 1.2, measureQuery, smaller=True),
    Row(
        "queries",
        "queries, 32 at a time; limit: bare gRPC",
        "1/s",
        1800,
        measureQueries,
    ),
)
