"""
What a process has used, taken at the one moment at which it can be had.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.process import unregisterReapProcessHandler

from ..jobs import Usage

_SECOND: Final = 1_000_000_000

# The unit of getrusage(2).
_KIBIBYTE: Final = 1024

# The kernel's count of our own memory may be wrong by so much, in kibibytes.
_SLACK: Final = 1024


def measure(process: Any, found: Callable[[Usage], object]) -> None:
    """
    Have it told what a process has used, just before it is told that the
    process has exited.

    Twisted reaps by waitpid(2), which does not say that.  This process is
    reaped at the same places and times, but by wait4(2).

    Twisted reaps a process for the first time when it takes it up, in its own
    way.  What has exited by now is looked at here, to the hundredth of a
    second; of what exits in the microseconds between, nothing is told.

    A process shares our memory until it executes a program, and the kernel
    takes the most that we had till then for its own.  If it has had more, that
    is surely its own; what is less cannot be told.

    @param process: A process of Twisted's that it has not taken up yet.
    """
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + _SLACK

    def reapProcess() -> None:
        try:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
        except ChildProcessError:
            return
        if pid:
            found(
                Usage(
                    round(used.ru_utime * _SECOND),
                    round(used.ru_stime * _SECOND),
                    max(used.ru_maxrss, ours) * _KIBIBYTE,
                    used.ru_maxrss <= ours,
                )
            )
            unregisterReapProcessHandler(pid, process)
            process.processEnded(status)

    used = _usedByDead(process.pid)
    if used is not None:
        found(used)
    process.reapProcess = reapProcess


def _usedByDead(pid: int) -> Usage | None:
    """
    Look at a process that has exited and was not reaped: see proc(5).

    @return: C{None} if it has not exited.
    """
    try:
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        if os.waitid(os.P_PID, pid, flags) is None:
            return None
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    user, system, ofChildren, forChildren = map(int, fields[11:15])
    tick = _SECOND // os.sysconf("SC_CLK_TCK")
    return Usage((user + ofChildren) * tick, (system + forChildren) * tick)
