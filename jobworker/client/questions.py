"""
What can be asked of a server, as data: which call it is, and what the answer
means.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

from attrs import frozen
from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as wire
from ..specification import Specification
from .failures import Failure, TimedOut, Unacceptable, Unreachable
from .specifying import commandOf
from .translation import infoOf, statusOf
from .values import JobStatus, ServerInfo

_Answer = TypeVar("_Answer")

#: The remedy where a start was not answered.
_PERHAPS: Final = "the job may have been started all the same"

#: The same for a start with a key.
_AGAIN: Final = "start it again with the same key; that makes no second job"

#: Seconds that a time span of the wire may have at most.
_LONGEST: Final = 315_576_000_000.0


@frozen
class Question(Generic[_Answer]):
    """
    A question that has one answer.

    @ivar parse: Reads the message that answers.
    @ivar meaning: Says what that message means.
    @ivar longer: Seconds that the answer may take beyond the usual.
    @ivar unsure: What to say where it may have been done without an answer.
    """

    method: str
    request: Any
    parse: Callable[[bytes], Any]
    meaning: Callable[[Any], _Answer]
    longer: float = 0.0
    unsure: str = ""

    def late(self, failure: TimedOut) -> Failure:
        """
        Say what it means that there was no answer in time.
        """
        return TimedOut(failure.cause, self.unsure or failure.remedy)

    def lost(self, failure: Unreachable, explained: Failure) -> Failure:
        """
        Say what it means that there was no connection.

        @param explained: The failure, when more had been found out.
        """
        if self.unsure and failure.sent:
            return Unreachable(explained.cause, self.unsure, sent=True)
        return explained


@frozen
class Inquiry(Generic[_Answer]):
    """
    A question that has many answers.

    @ivar parse: Reads a message that answers.
    @ivar beats: Whether something must come now and then.
    """

    method: str
    request: Any
    parse: Callable[[bytes], _Answer]
    beats: bool = False


def starting(command: Sequence[str], wanted: Specification) -> Question[str]:
    """
    Ask for the start of a job, to be told its id.
    """
    return Question(
        "StartJob",
        commandOf(command, wanted),
        wire.Job.FromString,
        _idOf,
        unsure=_AGAIN if wanted.key else _PERHAPS,
    )


def stopping(
    identifier: str, force: bool, signal: int, grace: float | None
) -> Question[JobStatus]:
    """
    Ask for the end of a job.
    """
    try:
        request = wire.StopRequest(
            job=jobOf(identifier), force=force, signal=signal, grace=_duration(grace)
        )
    except ValueError:
        raise Unacceptable(f"{signal} is no signal") from None
    return _about("StopJob", request, grace or 0.0)


def querying(identifier: str) -> Question[JobStatus]:
    """
    Ask about a job.
    """
    return _about("QueryJob", jobOf(identifier))


def signaling(identifier: str, number: int) -> Question[JobStatus]:
    """
    Ask for a signal to a job.
    """
    try:
        request = wire.SignalRequest(job=jobOf(identifier), signal=number)
    except ValueError:
        raise Unacceptable(f"{number} is no signal") from None
    return _about("SignalJob", request)


def awaiting(identifier: str) -> Question[JobStatus]:
    """
    Ask to be told when a job has ended.
    """
    return _about("WaitJob", jobOf(identifier))


def deleting(identifier: str) -> Question[None]:
    """
    Ask to forget a job.
    """
    return Question(
        "DeleteJob", jobOf(identifier), wire.Deleted.FromString, lambda _: None
    )


def informing() -> Question[ServerInfo]:
    """
    Ask about the server.
    """
    return Question(
        "GetServerInfo", wire.InfoRequest(), wire.ServerInfo.FromString, infoOf
    )


def inChunks(request: wire.ReadRequest) -> Inquiry[wire.ReadReply]:
    """
    Ask for a log in chunks.
    """
    return Inquiry("ReadLog", request, wire.ReadReply.FromString, beats=True)


def inLines(request: wire.StreamRequest) -> Inquiry[wire.Log]:
    """
    Ask for a log line by line, as servers of old send it.
    """
    return Inquiry("StreamLog", request, wire.Log.FromString)


def jobOf(identifier: str) -> wire.Job:
    """
    Name a job.

    @raise Unacceptable: If no job can have this name.
    """
    try:
        return wire.Job(id=identifier)
    except (UnicodeError, ValueError, TypeError):
        raise Unacceptable("the id of the job is not valid Unicode") from None


def _about(method: str, request: Any, longer: float = 0.0) -> Question[JobStatus]:
    """
    Ask what is answered with a job.
    """
    return Question(method, request, wire.JobStatus.FromString, statusOf, longer)


def _idOf(job: wire.Job) -> str:
    return job.id


def _duration(seconds: float | None) -> Duration | None:
    """
    Write a time span for the wire.
    """
    if seconds is None:
        return None
    if not 0 <= seconds <= _LONGEST:
        raise Unacceptable(f"{seconds:g} seconds are not a time to wait")
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1_000_000_000))
    return duration
