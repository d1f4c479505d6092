"""
The command line, as a user has it, and what is the server's part of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from statistics import median

from tests.callers import calling
from tests.daemons import COMMAND, environment

from .calls import timed
from .measuring import Row
from .site import runningDaemon


def spent(command: tuple[str, ...], given: Mapping[str, str], times: int) -> float:
    """
    Run a command again and again: median, in milliseconds.

    Its modules are compiled once, before that, as those of a user are.
    """
    changed = {**given}
    changed.pop("PYTHONDONTWRITEBYTECODE", None)

    def once() -> None:
        subprocess.run(
            command,
            env=changed,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )

    once()
    return median(timed(once, times))


def python(code: str, times: int) -> float:
    """
    Let this interpreter run a line again and again: median, in milliseconds.
    """
    return spent((sys.executable, "-c", code), os.environ, times)


def measureCLI(scale: float) -> tuple[float, float]:
    """
    Start the command line only.
    """
    times = max(int(30 * scale), 3)
    figure = spent((*COMMAND, "--version"), environment(), times)
    return figure, python("pass", times)


def measureAsk(scale: float) -> tuple[float, float]:
    """
    Query a job from the command line.
    """
    times = max(int(20 * scale), 3)
    with runningDaemon() as daemon, calling(daemon) as caller:
        job = caller.start("sleep", "600")
        figure = spent((*COMMAND, "query", job.id), daemon.caller(), times)
        return figure, python("import grpc", times)


def measureRun(scale: float) -> tuple[float, float]:
    """
    Run C{true} from the command line.
    """
    times = max(int(20 * scale), 3)
    with runningDaemon() as daemon:
        figure = spent((*COMMAND, "run", "--", "true"), daemon.caller(), times)
        return figure, python("import grpc", times)


def measureServer(scale: float) -> tuple[float, None]:
    """
    Start C{true} and read its log to the end, over a connection that is there.
    """
    with runningDaemon() as daemon, calling(daemon) as caller:

        def once() -> None:
            for _ in caller.read(caller.start("true")):
                pass

        timed(once, 20)
        return median(timed(once, int(200 * scale))), None


ROWS = (
    Row(
        "cli",
        "jobworker --version, p50; limit: python -c pass",
        "ms",
        300,
        measureCLI,
        smaller=True,
    ),
    Row(
        "ask",
        "jobworker query JOB, p50; limit: python -c 'import grpc'",
        "ms",
        None,
        measureAsk,
        smaller=True,
    ),
    Row(
        "run",
        "jobworker run -- true, p50; limit: python -c 'import grpc'",
        "ms",
        450,
        measureRun,
        smaller=True,
    ),
    Row(
        "server",
        "StartJob of true until the end of its ReadLog, over a connection, p50",
        "ms",
        10,
        measureServer,
        smaller=True,
    ),
)
