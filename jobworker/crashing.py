"""
Places where a test can have a process die, as by C{kill -9}.

Wherever state is about to change there is a call of L{crashPoint} with a name
that stands in one of the tables here.  A process that is started with a name in
C{JOBWORKER_CRASH_AT} ends there.  In any other process the calls do nothing.
"""

from __future__ import annotations

import os
from signal import SIGKILL
from typing import Final

#: What names the place.
VARIABLE: Final = "JOBWORKER_CRASH_AT"

#: Where a gateway can die.
GATEWAY: Final[frozenset[str]] = frozenset()

#: Where a supervisor can die.
SUPERVISOR: Final[frozenset[str]] = frozenset()

_chosen: Final = os.environ.get(VARIABLE, "")


class NoSuchCrashPoint(ValueError):
    """
    The name in the environment is none of ours.
    """

    def __str__(self) -> str:
        return f"{VARIABLE} is {self.args[0]!r}, and there is no such place"


def checkCrashPoint(chosen: str = _chosen) -> None:
    """
    See whether the place that was chosen exists.

    @raise NoSuchCrashPoint: If it does not.
    """
    if chosen and chosen not in GATEWAY | SUPERVISOR:
        raise NoSuchCrashPoint(chosen)


def _die(name: str) -> None:
    """
    Die, if this is the place.
    """
    if name == _chosen:
        os.kill(os.getpid(), SIGKILL)


def _live(name: str) -> None:
    """
    Go on.
    """


#: Call this with a name where state is about to change.
crashPoint: Final = _die if _chosen else _live
