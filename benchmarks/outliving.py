"""
What it costs that jobs outlive the gateway.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import grpc
import uvloop

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling, channelCredentials, metadata
from tests.daemons import Daemon

from .calls import rate
from .measuring import Row
from .memory import resident, supervisorOf
from .site import runningDaemon

_JOBS = 1000


def startMany(daemon: Daemon, many: int) -> pb.Job:
    """
    Start jobs that do nothing for long.

    @return: One of them.
    """

    async def start() -> None:
        target = f"127.0.0.1:{daemon.port}"
        async with grpc.aio.secure_channel(target, channelCredentials()) as channel:
            caller = Caller(channel, metadata())
            await rate(lambda: caller.start("sleep", "1000"), many - 16, 16)

    uvloop.run(start())
    with calling(daemon) as caller:
        job: pb.Job = caller.start("sleep", "1000")
    return job


def restart(daemon: Daemon, job: pb.Job) -> float:
    """
    Kill a gateway and start another.

    @return: Milliseconds from the start of the process until a query was
        answered.
    """
    daemon.kill()
    begin = time.perf_counter()
    daemon.start()
    with calling(daemon) as caller:
        caller.query(job)
    return (time.perf_counter() - begin) * 1000


def measureRestart(scale: float) -> tuple[float, None]:
    """
    Restart a gateway with one job.
    """
    with runningDaemon() as daemon:
        with calling(daemon) as caller:
            job = caller.start("sleep", "1000")
        return restart(daemon, job), None


def measureReattach(scale: float) -> tuple[float, float]:
    """
    Restart a gateway with a thousand jobs running; the limit is the same
    with one.
    """
    with runningDaemon() as daemon:
        with calling(daemon) as caller:
            job = caller.start("sleep", "1000")
        limit = restart(daemon, job)
        job = startMany(daemon, int(_JOBS * scale))
        return restart(daemon, job), limit


def processesIn(session: int) -> int:
    """
    Count the processes in the session of a job.
    """
    found = 0
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                text = Path("/proc", entry, "stat").read_text()
            except OSError:
                continue
            found += int(text.rpartition(")")[2].split()[3]) == session
    return found


def measureExtra(scale: float) -> tuple[float, None]:
    """
    Count the processes of a running job besides its own command.
    """
    with runningDaemon() as daemon, calling(daemon) as caller:
        job = caller.start("sleep", "1000")
        pid = caller.query(job).status.pid
        return processesIn(pid) - 1, None


def measureRunning(scale: float) -> tuple[float, None]:
    """
    Run a thousand jobs: kilobytes of the supervisor for each.
    """
    many = int(_JOBS * scale)
    with runningDaemon() as daemon:
        startMany(daemon, 100)
        before = resident(supervisorOf(daemon))
        startMany(daemon, many)
        return (resident(supervisorOf(daemon)) - before) / many, None


ROWS = (
    Row(
        "restart",
        "gateway restart to first answered query",
        "ms",
        None,
        measureRestart,
        smaller=True,
    ),
    Row(
        "reattach",
        "the same with many running jobs; limit: with one",
        "ms",
        None,
        measureReattach,
        smaller=True,
        once=True,
    ),
    Row(
        "extra",
        "processes of a running job besides its own",
        "",
        0,
        measureExtra,
        smaller=True,
    ),
    Row(
        "running",
        "supervisor memory for a running job of many",
        "KB",
        None,
        measureRunning,
        smaller=True,
        once=True,
    ),
)
