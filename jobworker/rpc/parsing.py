"""
Requests of the wire, made into values.

They are checked here and nowhere behind.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from attrs import frozen
from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as pb
from ..bounds import MAX_GRACE
from ..errors import JobWorkerError, NoSuchJob
from ..jobs import FORCED, POLITE, Command, Manner, Source, usual
from .specifying import parseSpecification

#: The greatest offset or number of a line that makes sense.
MAX_OFFSET: Final = 2**62

_SIGNALS: Final = range(1, 65)


@frozen(eq=False)
class BadRequest(JobWorkerError):
    """
    A request that makes no sense.

    @ivar field: What in it does not; empty if nothing in particular.
    """

    field: str
    description: str

    def __str__(self) -> str:
        return self.description


@frozen
class Reading:
    """
    What is asked of ReadLog.

    @ivar begin: For each source that is asked for, where to begin.
    @ivar digestFrom: For each of them, where its digest begins.
    @ivar line: The first line wanted, in place of C{begin}.
    @ivar last: How many lines are wanted, in place of both.
    """

    begin: dict[Source, int]
    digestFrom: dict[Source, int]
    line: int | None = None
    last: int | None = None
    follow: bool = False


def parseCommand(message: pb.Command) -> Command:
    """
    Find out what to run.

    @raise BadRequest: If that cannot be run by anybody.

    @raise BadSpecification: If it asks for what nobody can have.
    """
    if not message.cmd:
        raise BadRequest("command", "the command is empty")
    if "\0" in message.cmd or any("\0" in argument for argument in message.args):
        raise BadRequest("command", "an argument cannot hold a NUL character")
    return Command(message.cmd, tuple(message.args), parseSpecification(message))


def parseJob(message: pb.Job) -> str:
    """
    Find out which job is meant.

    @return: A UUID in its canonical text form.

    @raise BadRequest: If none is named.

    @raise NoSuchJob: If it is none that there could be.
    """
    if not message.id:
        raise BadRequest("job", "the id of a job is missing")
    try:
        canonical = str(UUID(message.id))
    except ValueError:
        canonical = ""
    # It becomes part of a path, so that nothing else will do.
    if canonical != message.id:
        raise NoSuchJob(message.id[:64])
    return canonical


def parseManner(message: pb.StopRequest, command: Command | None = None) -> Manner:
    """
    Find out how a job is to be stopped.

    What the request does not say, the command may have said when it was
    started.

    @raise BadRequest: If it cannot be done so.
    """
    if message.signal and message.signal not in _SIGNALS:
        raise BadRequest("signal", f"{message.signal} is no signal; those are 1 to 64")
    manner = POLITE if command is None else usual(command)
    grace = manner.grace
    if message.HasField("grace"):
        grace = _seconds(message.grace)
        if not 0 <= grace <= MAX_GRACE:
            raise BadRequest("grace", f"the grace must be 0 to {MAX_GRACE} seconds")
    return FORCED if message.force else Manner(message.signal or manner.signal, grace)


def parseSignal(message: pb.SignalRequest) -> int:
    """
    Find out which signal is to be sent.

    @raise BadRequest: If it is none.
    """
    if message.signal not in _SIGNALS:
        raise BadRequest("signal", f"{message.signal} is no signal; those are 1 to 64")
    return message.signal


def parseStart(message: pb.StreamRequest) -> int:
    """
    Find out which entry is to be the first.

    @raise BadRequest: If it is none.
    """
    if message.startPoint < 0:
        raise BadRequest("startPoint", "the start point must not be negative")
    return message.startPoint


def parseReading(message: pb.ReadRequest) -> Reading:
    """
    Find out what is to be read.

    @raise BadRequest: If it makes no sense.
    """
    sources = dict.fromkeys(_source("sources", each) for each in message.sources)
    begin: dict[Source, int] = dict.fromkeys(sources or Source, 0)
    digestFrom = dict(begin)
    line = last = None
    match message.WhichOneof("start"):
        case "offsets":
            _parseOffsets(message.offsets, begin, digestFrom)
        case "line":
            line = _number("line", message.line)
        case "last":
            last = _number("last", message.last)
    return Reading(begin, digestFrom, line, last, message.follow)


def _parseOffsets(
    message: pb.Offsets, begin: dict[Source, int], digestFrom: dict[Source, int]
) -> None:
    """
    Find out at which bytes to begin.
    """
    seen: set[Source] = set()
    for each in message.offsets:
        source = _source("offsets", each.source)
        if source in seen or source not in begin:
            raise BadRequest("offsets", "offsets are for each source asked for, once")
        seen.add(source)
        begin[source] = _number("offsets", each.offset)
        digestFrom[source] = _number("offsets", each.digest_from)
        if digestFrom[source] > begin[source]:
            raise BadRequest("offsets", "a digest cannot begin behind its offset")


def _source(field: str, number: int) -> Source:
    try:
        return Source(number)
    except ValueError:
        raise BadRequest(field, f"there is no source {number}") from None


def _number(field: str, number: int) -> int:
    if not 0 <= number <= MAX_OFFSET:
        raise BadRequest(field, f"{number} is no number to begin at")
    return number


def _seconds(duration: Duration) -> float:
    if not 0 <= duration.nanos < 1_000_000_000:
        raise BadRequest("grace", "the grace is no duration")
    return duration.seconds + duration.nanos / 1e9
