"""
Which status a caller gets for what went wrong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

import grpc
from attrs import frozen
from google.rpc.error_details_pb2 import BadRequest as BadRequestDetails
from google.rpc.status_pb2 import Status

from twisted.logger import Logger

from ..access.claims import BadToken
from ..errors import (
    BadSpecification,
    JobWorkerError,
    KeyTaken,
    LaunchFailed,
    NoRoom,
    NoSuchJob,
    NotRunning,
    PlaceLost,
    RosterUnreachable,
    ShuttingDown,
    SpoolDamaged,
    StillRunning,
    StopIgnored,
    StorageFailed,
    TableDamaged,
    TooOld,
    Unrecorded,
)
from .bridge import NotAnswered
from .parsing import BadRequest

_log = Logger()

#: The key of the metadata that details of a failure are in.
DETAILS: Final = "grpc-status-details-bin"

# Bytes of what a caller is told: it stands in metadata, three times, and some
# clients take 8 KiB of those in all.
_LONGEST: Final = 1000

_UNKNOWN: Final = "internal error; the service's log says more"


@frozen(eq=False)
class Denied(JobWorkerError):
    """
    The caller may not do this.

    @ivar reason: Why, fit for the caller: it says nothing about jobs of
        others, not even whether they exist.
    @ivar cause: Why, in a word.
    """

    reason: str
    cause: str = "denied"

    def __str__(self) -> str:
        return self.reason


@frozen(eq=False)
class TooMany(JobWorkerError):
    """
    The caller, or everybody, does too much of something at one time.

    @ivar reason: Of what.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen(eq=False)
class TooLong(JobWorkerError):
    """
    A log has more entries than the old wire can number.
    """

    def __str__(self) -> str:
        return "the log has too many lines for StreamLog; use ReadLog"


@frozen
class Outcome:
    """
    What a caller is told.

    @ivar field: What in the request is to blame; empty if nothing is.
    """

    code: grpc.StatusCode
    message: str
    field: str = ""


#: The codes, and the fields that are to blame.
_TABLE: Final[Mapping[type[JobWorkerError], tuple[grpc.StatusCode, str]]] = {
    BadToken: (grpc.StatusCode.PERMISSION_DENIED, ""),
    Denied: (grpc.StatusCode.PERMISSION_DENIED, ""),
    LaunchFailed: (grpc.StatusCode.INVALID_ARGUMENT, "command"),
    NoSuchJob: (grpc.StatusCode.NOT_FOUND, "job"),
    NotRunning: (grpc.StatusCode.ALREADY_EXISTS, "job"),
    StopIgnored: (grpc.StatusCode.DEADLINE_EXCEEDED, "force"),
    StillRunning: (grpc.StatusCode.FAILED_PRECONDITION, "job"),
    KeyTaken: (grpc.StatusCode.ALREADY_EXISTS, "key"),
    NotAnswered: (grpc.StatusCode.DEADLINE_EXCEEDED, ""),
    StorageFailed: (grpc.StatusCode.RESOURCE_EXHAUSTED, ""),
    TableDamaged: (grpc.StatusCode.DATA_LOSS, ""),
    NoRoom: (grpc.StatusCode.RESOURCE_EXHAUSTED, ""),
    TooMany: (grpc.StatusCode.RESOURCE_EXHAUSTED, ""),
    TooOld: (grpc.StatusCode.UNIMPLEMENTED, ""),
    TooLong: (grpc.StatusCode.OUT_OF_RANGE, ""),
    PlaceLost: (grpc.StatusCode.OUT_OF_RANGE, "resume_token"),
    ShuttingDown: (grpc.StatusCode.UNAVAILABLE, ""),
    RosterUnreachable: (grpc.StatusCode.UNAVAILABLE, ""),
    Unrecorded: (grpc.StatusCode.UNAVAILABLE, ""),
}


def outcomeOf(error: Exception, method: str) -> Outcome:
    """
    Find what to tell a caller.

    What is not in the table is logged, and the caller learns nothing of it.
    Call this where the error is handled.

    @param method: What was called.
    """
    if isinstance(error, BadRequest | BadSpecification):
        code = grpc.StatusCode.INVALID_ARGUMENT
        return Outcome(code, str(error), error.field)
    if isinstance(error, SpoolDamaged):
        return _damaged(error, method)
    row = _TABLE.get(type(error)) if isinstance(error, JobWorkerError) else None
    if row is None:
        _log.failure("while answering {method}", method=method)
        return Outcome(grpc.StatusCode.INTERNAL, _UNKNOWN)
    # What is said may hold bytes of a caller's or of a file name.
    message = str(error).encode("utf-8", "replace")[:_LONGEST].decode("utf-8", "ignore")
    return Outcome(row[0], message, row[1])


def _damaged(error: SpoolDamaged, method: str) -> Outcome:
    """
    Say what is wrong with a log, but not where logs are.
    """
    _log.error("while answering {method}: {error}", method=method, error=str(error))
    name = os.path.basename(error.path)
    return Outcome(
        grpc.StatusCode.DATA_LOSS,
        f"the log of this job is damaged: {name}: {error.reason}",
    )


def detailsOf(outcome: Outcome) -> bytes | None:
    """
    Write down which field is to blame, as C{google.rpc.Status}.

    @return: C{None} if none is.
    """
    if not outcome.field:
        return None
    violation = BadRequestDetails.FieldViolation(
        field=outcome.field, description=outcome.message
    )
    status = Status(code=outcome.code.value[0], message=outcome.message)
    status.details.add().Pack(BadRequestDetails(field_violations=[violation]))
    serialized: bytes = status.SerializeToString()
    return serialized
