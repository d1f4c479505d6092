"""
A daemon to measure.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.daemons import Daemon, processesOf, until

#: The environment variable that has everything measured in one process.
TOGETHER = "BENCHMARK_TOGETHER"


class TogetherDaemon(Daemon):
    """
    A daemon that is one process.
    """

    def arguments(self, *more: str) -> list[str]:
        """
        Write the command that starts it.
        """
        _, _, _, *rest = super().arguments(*more)
        options = rest[rest.index("jobworker") + 1 :]
        return [sys.executable, "-m", "benchmarks.together", *options]


@contextmanager
def runningDaemon(*options: str) -> Iterator[Daemon]:
    """
    Have a daemon while the context lasts.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobworker-bench-"))
    # Not before the end: ext4 is slow to make files where some were deleted in the
    # last minutes.
    atexit.register(shutil.rmtree, folder, True)
    kind = TogetherDaemon if TOGETHER in os.environ else Daemon
    daemon = kind(folder, ("--on-shutdown", "stop", *options))
    try:
        daemon.start()
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.signal(signal.SIGTERM)
            daemon.wait()
        until(lambda: not processesOf(str(daemon.state)), "the supervisor has ended")
