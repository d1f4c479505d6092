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
GATEWAY: Final = frozenset(
    {
        "gateway-spawn",  # before it starts a supervisor
        "gateway-spawned",  # when it has, and has not heard of it
        "gateway-connected",  # when the supervisor has greeted
        "gateway-caught-up",  # when it knows what it has missed
        "gateway-ask",  # before a request is sent
        "gateway-answered",  # when an answer has come
        "gateway-told",  # when an event has come
    }
)

#: Where a supervisor can die.
SUPERVISOR: Final = frozenset(
    {
        "supervisor-locked",  # when the state directory is its own
        "recovery-ended",  # when what was left of jobs is gone
        "recovery-sealed",  # when their logs are sealed
        "recovery-stored",  # when they are on disk as lost
        "supervisor-listening",  # before it says that it is ready
        "supervisor-stopping",  # before it ends all jobs
        "link-asked",  # when a request has come
        "link-answer",  # before an answer is sent
        "link-event",  # before a change is told
        "start-log-made",  # when there is a log, and no process
        "start-launched",  # when the command runs, and is not on disk
        "start-stored",  # when it is on disk, and nobody was told
        "stop-asked",  # before the signal is sent
        "job-exited",  # when the status is known, and not on disk
        "job-swept",  # when nothing runs any more
        "job-sealed",  # when the log is complete
        "job-stored",  # when a change is on disk, and nobody was told
        "delete-stored",  # when a job is forgotten, and its log is still there
        "spool-moved",  # when bytes are in their file, and not in the index
        "spool-seal",  # before the seal is written
        "table-commit",  # before a transaction is committed
        "table-committed",  # when it is
    }
)

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
