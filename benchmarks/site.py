"""
A daemon to measure.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.daemons import Daemon, processesOf, until


@contextmanager
def runningDaemon(*options: str) -> Iterator[Daemon]:
    """
    Have a daemon while the context lasts.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobworker-bench-", dir="/tmp"))
    daemon = Daemon(folder, ("--on-shutdown", "stop", *options))
    try:
        daemon.start()
        yield daemon
    finally:
        if daemon.process is not None and daemon.process.poll() is None:
            daemon.signal(signal.SIGTERM)
            daemon.wait()
        until(lambda: not processesOf(str(daemon.state)), "the supervisor has ended")
        shutil.rmtree(folder)
