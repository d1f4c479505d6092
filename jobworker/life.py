"""
The life of a job, as a function.

Nothing here performs I/O, reads a clock or imports the reactor: L{advance}
takes a record and an event and returns the next record.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import evolve, frozen

from .errors import IllegalTransition
from .jobs import Cause, Ending, Phase, Record, Status, Stop, Usage, Written


@frozen
class StopRequested:
    """
    Somebody asked the job to end.
    """

    stop: Stop


@frozen
class CommandExited:
    """
    The command is gone, and this is its status.
    """

    status: Status
    usage: Usage | None = None


@frozen
class Drained:
    """
    Nothing of the job runs any more, and its log is sealed.

    @ivar written: What there is in the log, and was.
    """

    at: int
    written: Written | None = None


@frozen
class Lost:
    """
    The service died while the job was running.
    """

    at: int
    reason: str


Event: TypeAlias = StopRequested | CommandExited | Drained | Lost


def advance(record: Record, event: Event) -> Record:
    """
    Apply an event to a record.

    A request to stop a job whose command has already exited changes nothing:
    the cause is how the command ended.

    @raise IllegalTransition: If the event cannot happen in this phase.
    """
    match record.phase, event:
        case Phase.RUNNING, StopRequested(stop):
            return evolve(record, stop=record.stop or stop)
        case Phase.DRAINING, StopRequested():
            return record
        case Phase.RUNNING, CommandExited(status, usage):
            return evolve(record, phase=Phase.DRAINING, status=status, usage=usage)
        case Phase.DRAINING, Drained(at, written):
            reason = record.stop.reason if record.stop is not None else ""
            ending = Ending(_cause(record), record.status, at, reason)
            return evolve(record, phase=Phase.ENDED, ending=ending, written=written)
        case Phase.RUNNING | Phase.DRAINING, Lost(at, reason):
            ending = Ending(Cause.LOST, record.status, at, reason)
            return evolve(record, phase=Phase.ENDED, ending=ending)
    raise IllegalTransition(f"{event} while {record.phase.value}")


def _cause(record: Record) -> Cause:
    """
    Say why a job whose command has exited did so.
    """
    if record.stop is not None:
        return record.stop.cause
    if record.status is not None and record.status.signal is not None:
        return Cause.SIGNALED
    return Cause.EXITED
