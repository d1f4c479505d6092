"""
Output: as fast as a job writes it, to one reader and to many.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling
from tests.daemons import COMMAND

from .bare import CHUNK, bareServer
from .measuring import Row
from .site import runningDaemon

MEGA = 1e6

_LINES = 5_000_000

#: Runs a command of the shell, and says on standard error how long it took.
_TIMED = """
import subprocess, sys, time
begin = time.monotonic()
subprocess.run({command!r}, shell=True, check=True)
print(time.monotonic() - begin, file=sys.stderr)
"""


def timeOf(caller: Caller, *command: str) -> float:
    """
    Say how long a job takes that prints only when it has finished, in seconds,
    as it measures that itself.
    """
    job = caller.start(*command)
    last = b""
    for reply in caller.read(job):
        if reply.WhichOneof("reply") == "chunk" and reply.chunk.source == pb.STDERR:
            last += reply.chunk.data
    return float(last.split()[-1])


def measureLogged(scale: float) -> tuple[float, float]:
    """
    Let C{seq} write as fast as it can: megabytes a second, through C{cat} to
    a file, and into a log.
    """
    count = int(_LINES * scale)
    size = len("\n".join(map(str, range(1, count + 1)))) + 1
    with tempfile.NamedTemporaryFile() as file, runningDaemon() as daemon:
        alone = _TIMED.format(command=f"seq 1 {count} | cat > {file.name}")
        limit = subprocess.run(
            [sys.executable, "-c", alone], stderr=subprocess.PIPE, check=True
        )
        with calling(daemon) as caller:
            logged = _TIMED.format(command=f"seq 1 {count}")
            took = timeOf(caller, sys.executable, "-c", logged)
    return size / MEGA / took, size / MEGA / float(limit.stderr)


def drain(stream: Iterable[Any]) -> int:
    """
    Read a log to its end.

    @return: How many bytes it had.
    """
    return sum(len(reply.chunk.data) for reply in stream)


def bareChunks(count: int) -> float:
    """
    Say how many megabytes a second a stream of chunks makes with gRPC alone.
    """
    with bareServer() as address, grpc.insecure_channel(address) as channel:
        caller = Caller(channel)
        read = caller._read
        drain(read(pb.ReadRequest(line=10)))
        begin = time.perf_counter()
        size = drain(read(pb.ReadRequest(line=count)))
        return size / MEGA / (time.perf_counter() - begin)


def measureLive(scale: float) -> tuple[float, float]:
    """
    Follow a job that writes as fast as it can with the command line:
    megabytes a second.
    """
    size = int(600 * MEGA * scale)
    with runningDaemon() as daemon, calling(daemon) as caller:
        begin = time.perf_counter()
        job = caller.start("head", "-c", str(size), "/dev/zero")
        subprocess.run(
            [*COMMAND, "stream", "--job", job.id],
            env=daemon.caller(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        took = time.perf_counter() - begin
    return size / MEGA / took, bareChunks(size // CHUNK)


def measureFollowers(scale: float) -> tuple[float, float]:
    """
    Follow a job twenty times at once, from four processes: megabytes a
    second in sum.
    """
    size = int(100 * MEGA * scale)
    reader = (
        "import sys; from benchmarks.output import followMany; "
        "followMany(sys.argv[1], int(sys.argv[2]))"
    )
    with runningDaemon() as daemon, calling(daemon) as caller:
        job = caller.start("sh", "-c", f"sleep 2; head -c {size} /dev/zero")
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", reader, job.id, "5"],
                env=daemon.caller(),
                stdout=subprocess.PIPE,
            )
            for _ in range(4)
        ]
        times = [process.communicate()[0].split() for process in processes]
    begin = min(float(first) for first, _ in times)
    end = max(float(last) for _, last in times)
    return 20 * size / MEGA / (end - begin), bareChunks(4 * size // CHUNK)


def followMany(identifier: str, many: int) -> None:
    """
    Follow a job several times in this process, whose environment says how,
    and print when the first byte came and when the last one did.
    """
    first: list[float] = []

    def follow() -> None:
        for reply in caller.read(pb.Job(id=identifier)):
            if not first and reply.WhichOneof("reply") == "chunk":
                first.append(time.time())

    def content(variable: str) -> bytes:
        return Path(os.environ[f"JOBWORKER_{variable}"]).read_bytes()

    shown = grpc.ssl_channel_credentials(*map(content, ("CA", "KEY", "CERT")))
    address = os.environ["JOBWORKER_ADDRESS"]
    with (
        grpc.secure_channel(address, shown) as channel,
        ThreadPoolExecutor(many) as pool,
    ):
        caller = Caller(channel, (("token", content("TOKEN").decode()),))
        for done in [pool.submit(follow) for _ in range(many)]:
            done.result()
    print(first[0], time.time())


def measureLines(scale: float) -> tuple[float, float]:
    """
    Read a log by the old StreamLog: lines a second.
    """
    count = int(50_000 * scale)
    with runningDaemon() as daemon, calling(daemon) as caller:
        job = caller.start("seq", str(count))
        drain(caller.read(job))
        begin = time.perf_counter()
        got = sum(1 for _ in caller.stream(job))
        took = time.perf_counter() - begin
    assert got == count + 1
    with bareServer() as address, grpc.insecure_channel(address) as channel:
        bare = Caller(channel)
        begin = time.perf_counter()
        sum(1 for _ in bare._stream(pb.StreamRequest(startPoint=count)))
        return count / took, count / (time.perf_counter() - begin)


ROWS = (
    Row(
        "logged",
        "a job while it is logged; limit: | cat > file",
        "MB/s",
        0.5,
        measureLogged,
        ratio=True,
    ),
    Row("live", "live log to one CLI; limit: bare gRPC", "MB/s", 60, measureLive),
    Row(
        "followers",
        "20 followers in sum; limit: bare gRPC",
        "MB/s",
        100,
        measureFollowers,
    ),
    Row("lines", "StreamLog; limit: bare gRPC", "lines/s", 5000, measureLines),
)
