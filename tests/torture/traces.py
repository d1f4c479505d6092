"""
What is left of daemons and jobs in the table of processes.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.daemons import Daemon, processesOf


def supervisorsOf(daemon: Daemon) -> set[int]:
    """
    Find the supervisor of a daemon, or those that are just starting and ending.
    """
    assert daemon.process is not None
    return set(processesOf(str(daemon.state))) - {daemon.process.pid}


def leftovers(jobs: set[str]) -> list[int]:
    """
    Find processes that belong to jobs.
    """
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            try:
                variables = Path("/proc", entry, "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            for variable in variables:
                name, _, value = variable.decode("utf-8", "replace").partition("=")
                if name == "JOBWORKER_JOB_ID" and value in jobs:
                    found.append(int(entry))
    return found
