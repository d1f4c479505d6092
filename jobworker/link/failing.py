"""
Failures of the roster as messages, and back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ..api import supervisor_pb2 as pb
from ..errors import (
    JobWorkerError,
    KeyTaken,
    LaunchFailed,
    NoRoom,
    NoSuchJob,
    NotRunning,
    PlaceLost,
    RosterUnreachable,
    ShuttingDown,
    StillRunning,
    StopIgnored,
    StorageFailed,
    TableDamaged,
)
from .conversion import BadMessage, decode, encode


class SupervisorFailed(Exception):
    """
    The supervisor met with something that nobody foresaw; its own log says
    more.
    """


#: How each failure is made again.
_MAKERS: Final[
    dict[int, Callable[[str, str, float], JobWorkerError | SupervisorFailed]]
] = {
    pb.Failure.UNEXPECTED: lambda _i, _r, _s: SupervisorFailed(),
    pb.Failure.NO_SUCH_JOB: lambda identifier, _r, _s: NoSuchJob(identifier),
    pb.Failure.NOT_RUNNING: lambda identifier, _r, _s: NotRunning(identifier),
    pb.Failure.STILL_RUNNING: lambda identifier, _r, _s: StillRunning(identifier),
    pb.Failure.STOP_IGNORED: lambda identifier, _r, s: StopIgnored(identifier, s),
    pb.Failure.LAUNCH_FAILED: lambda _i, reason, _s: LaunchFailed(reason),
    pb.Failure.NO_ROOM: lambda _i, reason, _s: NoRoom(reason),
    pb.Failure.STORAGE_FAILED: lambda _i, reason, _s: StorageFailed(reason),
    pb.Failure.SHUTTING_DOWN: lambda _i, _r, _s: ShuttingDown(),
    pb.Failure.KEY_TAKEN: lambda _i, reason, _s: KeyTaken(reason),
    pb.Failure.PLACE_LOST: lambda _i, reason, _s: PlaceLost(reason),
    pb.Failure.TABLE_DAMAGED: lambda _i, reason, _s: TableDamaged(reason),
    pb.Failure.UNREACHABLE: lambda _i, reason, _s: RosterUnreachable(reason),
}


def convertFailure(error: BaseException | None) -> pb.Failure | None:
    """
    Make a message of a failure.

    @return: C{None} for what a roster does not promise to fail with.
    """
    match error:
        case NoSuchJob(identifier=identifier):
            return _about(pb.Failure.NO_SUCH_JOB, identifier)
        case NotRunning(identifier=identifier):
            return _about(pb.Failure.NOT_RUNNING, identifier)
        case StillRunning(identifier=identifier):
            return _about(pb.Failure.STILL_RUNNING, identifier)
        case StopIgnored(identifier=identifier, seconds=seconds):
            return _about(pb.Failure.STOP_IGNORED, identifier, seconds)
        case LaunchFailed(reason=reason):
            return _because(pb.Failure.LAUNCH_FAILED, reason)
        case NoRoom(reason=reason):
            return _because(pb.Failure.NO_ROOM, reason)
        case StorageFailed(reason=reason):
            return _because(pb.Failure.STORAGE_FAILED, reason)
        case TableDamaged(reason=reason):
            return _because(pb.Failure.TABLE_DAMAGED, reason)
        case RosterUnreachable(reason=reason):
            return _because(pb.Failure.UNREACHABLE, reason)
        case PlaceLost(reason=reason):
            return _because(pb.Failure.PLACE_LOST, reason)
        case KeyTaken(key=key):
            return _because(pb.Failure.KEY_TAKEN, key)
        case ShuttingDown():
            return pb.Failure(kind=pb.Failure.SHUTTING_DOWN)
    return None


def unconvertFailure(message: pb.Failure) -> JobWorkerError | SupervisorFailed:
    """
    Make the failure again.
    """
    if message.kind not in _MAKERS:
        raise BadMessage(f"failure {message.kind}")
    return _MAKERS[message.kind](
        decode(message.identifier), decode(message.reason), message.seconds
    )


def _about(
    kind: pb.Failure.Kind, identifier: str, seconds: float | None = None
) -> pb.Failure:
    return pb.Failure(kind=kind, identifier=encode(identifier), seconds=seconds)


def _because(kind: pb.Failure.Kind, reason: str) -> pb.Failure:
    return pb.Failure(kind=kind, reason=encode(reason))
