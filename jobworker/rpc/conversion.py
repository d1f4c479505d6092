"""
Messages of the wire made into values, and values into messages.

Requests are checked here and nowhere behind.
"""

from __future__ import annotations

from signal import Signals
from typing import Final
from uuid import UUID

from attrs import frozen
from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as pb
from ..bounds import MAX_GRACE
from ..errors import JobWorkerError, NoSuchJob
from ..jobs import FORCED, POLITE, Cause, Command, Manner, Phase, Record, Source, usual
from .specifying import (
    asText,
    describeConditions,
    describeSpecification,
    parseSpecification,
)

#: The greatest offset or number of a line that makes sense.
MAX_OFFSET: Final = 2**62

#: Sources, as the wire calls them.
SOURCES: Final = {Source.STDOUT: pb.STDOUT, Source.STDERR: pb.STDERR}

_SIGNALS: Final = range(1, 65)

#: How the wire calls what became of a job.
STATES: Final = {
    Cause.EXITED: pb.EXITED,
    Cause.SIGNALED: pb.EXITED,
    Cause.STOPPED: pb.STOPPED,
    Cause.LOG_LIMIT: pb.STOPPED,
    Cause.TIMED_OUT: pb.STOPPED,
    Cause.IDLE: pb.STOPPED,
    Cause.LOST: pb.LOST,
}

_CAUSES: Final = {
    Cause.EXITED: pb.CAUSE_EXITED,
    Cause.SIGNALED: pb.CAUSE_SIGNALED,
    Cause.STOPPED: pb.CAUSE_STOPPED,
    Cause.LOG_LIMIT: pb.CAUSE_LOG_LIMIT,
    Cause.TIMED_OUT: pb.CAUSE_TIMED_OUT,
    Cause.IDLE: pb.CAUSE_IDLE,
    Cause.LOST: pb.CAUSE_LOST,
}


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


def describe(record: Record) -> pb.JobStatus:
    """
    Say what is known of a job.
    """
    command = describeSpecification(record.command.specification)
    command.cmd = asText(record.command.program)
    command.args.extend(asText(argument) for argument in record.command.arguments)
    usage, written = record.usage, record.written
    return pb.JobStatus(
        job=pb.Job(id=record.identifier),
        command=command,
        owner=asText(record.owner),
        status=_describeProcess(record),
        created=record.created or 0,
        started=record.started,
        ended=0 if record.ending is None else record.ending.at,
        usage=(
            None
            if usage is None
            else pb.Usage(
                user=usage.user,
                system=usage.system,
                peak_memory=usage.peak,
                peak_is_bound=usage.bound,
            )
        ),
        written=(
            []
            if written is None
            else [
                pb.Written(source=pb.STDOUT, bytes=written.stdout),
                pb.Written(source=pb.STDERR, bytes=written.stderr),
            ]
        ),
    )


def describeWholly(record: Record) -> pb.JobStatus:
    """
    Say what is known of a job, and what was in force for it.
    """
    status = describe(record)
    if record.conditions is not None:
        status.in_force.CopyFrom(describeConditions(record.conditions))
    return status


def explain(record: Record) -> str:
    """
    Say in words how a job ended; nothing if it exited with 0.
    """
    ending = record.ending
    if ending is None:
        return ""
    by = f" by {record.stop.by}" if record.stop is not None else ""
    words = {
        Cause.EXITED: "exited",
        Cause.SIGNALED: "ended",
        Cause.STOPPED: f"stopped{by}",
        Cause.LOG_LIMIT: "stopped because its log reached its limit",
        Cause.TIMED_OUT: "stopped because it ran for too long",
        Cause.IDLE: "stopped because it wrote nothing for too long",
        Cause.LOST: "lost",
    }[ending.cause]
    if ending.status is not None and ending.status.signal is not None:
        words += f", by signal {ending.status.signal}{_nameOf(ending.status.signal)}"
    elif ending.status is not None:
        if ending.cause is Cause.EXITED and ending.status.code == 0:
            return ""
        words += f" with code {ending.status.code}"
    if ending.reason:
        words += f": {asText(ending.reason)}"
    return f"Job {record.identifier} {words}"


def _describeProcess(record: Record) -> pb.ProcessStatus:
    """
    Say what is known of the command of a job.
    """
    status = pb.ProcessStatus(pid=record.process.pid, exitCode=-1)
    ending = record.ending
    if record.phase is Phase.ENDED and ending is not None:
        status.state = STATES[ending.cause]
        status.cause = _CAUSES[ending.cause]
        status.reason = asText(ending.reason)
        if ending.status is not None:
            if ending.status.code is not None:
                status.exitCode = ending.status.code
            status.signal = ending.status.signal or 0
    return status


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


def _nameOf(signal: int) -> str:
    try:
        return f" ({Signals(signal).name})"
    except ValueError:
        return ""
