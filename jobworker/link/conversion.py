"""
Values of the domain as messages, and back.

What comes back is checked: a message that means nothing is a L{BadMessage},
whatever the bytes were.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..api import supervisor_pb2 as pb
from ..conditions import Conditions
from ..jobs import (
    Cause,
    Command,
    Ending,
    Manner,
    Phase,
    ProcessIdentity,
    Record,
    Source,
    Status,
    Stop,
    Usage,
    Written,
)
from ..packing import pack, packConditions, unpack, unpackConditions
from ..specification import NOTHING


class BadMessage(Exception):
    """
    A message that has no meaning.
    """


PHASES: Final = {
    Phase.RUNNING: pb.PHASE_RUNNING,
    Phase.DRAINING: pb.PHASE_DRAINING,
    Phase.ENDED: pb.PHASE_ENDED,
}

CAUSES: Final = {
    Cause.EXITED: pb.CAUSE_EXITED,
    Cause.SIGNALED: pb.CAUSE_SIGNALED,
    Cause.STOPPED: pb.CAUSE_STOPPED,
    Cause.LOG_LIMIT: pb.CAUSE_LOG_LIMIT,
    Cause.TIMED_OUT: pb.CAUSE_TIMED_OUT,
    Cause.IDLE: pb.CAUSE_IDLE,
    Cause.LOST: pb.CAUSE_LOST,
}

_PHASES: Final = {number: phase for phase, number in PHASES.items()}
_CAUSES: Final = {number: cause for cause, number in CAUSES.items()}


def encode(text: str) -> bytes:
    """
    Make bytes of any string, lone surrogates included.
    """
    return text.encode("utf-8", "surrogatepass")


def decode(text: bytes) -> str:
    """
    Make the string again.
    """
    try:
        return text.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise BadMessage("a text that is not UTF-8") from error


def convertCommand(command: Command) -> pb.Command:
    """
    Make a message of a command.
    """
    message = pb.Command(
        program=encode(command.program), arguments=map(encode, command.arguments)
    )
    wanted = command.specification
    if wanted != NOTHING:
        message.specification = encode(pack(wanted))
        if wanted.input is not None and wanted.input.data is not None:
            message.input = wanted.input.data
    return message


def unconvertCommand(message: pb.Command) -> Command:
    """
    Make a command of a message.
    """
    try:
        wanted = unpack(
            decode(message.specification),
            message.input if message.HasField("input") else None,
        )
    except ValueError as error:
        raise BadMessage(str(error)) from error
    arguments = tuple(map(decode, message.arguments))
    return Command(decode(message.program), arguments, wanted)


def convertManner(manner: Manner) -> pb.Manner:
    """
    Make a message of a manner.
    """
    return pb.Manner(signal=manner.signal, grace=manner.grace)


def unconvertManner(message: pb.Manner) -> Manner:
    """
    Make a manner of a message.
    """
    grace = message.grace if message.HasField("grace") else None
    if not 0 < message.signal <= 64 or not (grace is None or grace >= 0):
        raise BadMessage("a manner to end jobs that does not exist")
    return Manner(message.signal, grace)


def convertRecord(record: Record) -> pb.Record:
    """
    Make a message of a record.
    """
    usage, found = record.usage, record.conditions
    return pb.Record(
        identifier=encode(record.identifier),
        command=convertCommand(record.command),
        owner=encode(record.owner),
        process=pb.Process(
            pid=record.process.pid,
            start=record.process.start,
            boot=encode(record.process.boot),
        ),
        started=record.started,
        phase=PHASES[record.phase],
        stop=None if record.stop is None else _convertStop(record.stop),
        status=None if record.status is None else _convertStatus(record.status),
        ending=None if record.ending is None else _convertEnding(record.ending),
        usage=None if usage is None else _convertUsage(usage),
        created=record.created,
        written=[] if record.written is None else _convertWritten(record.written),
        conditions=b"" if found is None else encode(packConditions(found)),
    )


def unconvertRecord(message: pb.Record) -> Record:
    """
    Make a record of a message.
    """
    if message.phase not in _PHASES:
        raise BadMessage(f"phase {message.phase}")
    process = message.process
    return Record(
        identifier=decode(message.identifier),
        command=unconvertCommand(message.command),
        owner=decode(message.owner),
        process=ProcessIdentity(process.pid, process.start, decode(process.boot)),
        started=message.started,
        phase=_PHASES[message.phase],
        stop=_unconvertStop(message.stop) if message.HasField("stop") else None,
        status=(
            _unconvertStatus(message.status) if message.HasField("status") else None
        ),
        ending=(
            _unconvertEnding(message.ending) if message.HasField("ending") else None
        ),
        usage=(_unconvertUsage(message.usage) if message.HasField("usage") else None),
        created=message.created if message.HasField("created") else None,
        written=_unconvertWritten(message.written) if message.written else None,
        conditions=_unconvertConditions(message.conditions),
    )


def _unconvertConditions(packed: bytes) -> Conditions | None:
    try:
        return unpackConditions(decode(packed)) if packed else None
    except ValueError as error:
        raise BadMessage(str(error)) from error


def _convertUsage(usage: Usage) -> pb.Usage:
    return pb.Usage(
        user=usage.user, system=usage.system, peak=usage.peak, bound=usage.bound
    )


def _unconvertUsage(message: pb.Usage) -> Usage:
    peak = message.peak if message.HasField("peak") else None
    return Usage(message.user, message.system, peak, message.bound)


def _convertWritten(written: Written) -> list[pb.Written]:
    return [
        pb.Written(source=Source.STDOUT, bytes=written.stdout),
        pb.Written(source=Source.STDERR, bytes=written.stderr),
    ]


def _unconvertWritten(messages: Iterable[pb.Written]) -> Written:
    sizes = {each.source: each.bytes for each in messages}
    return Written(sizes.get(Source.STDOUT, 0), sizes.get(Source.STDERR, 0))


def _convertStatus(status: Status) -> pb.Status:
    return pb.Status(code=status.code, signal=status.signal)


def _unconvertStatus(message: pb.Status) -> Status:
    try:
        return Status(
            message.code if message.HasField("code") else None,
            message.signal if message.HasField("signal") else None,
        )
    except ValueError as error:
        raise BadMessage(str(error)) from error


def _convertStop(stop: Stop) -> pb.StopNote:
    return pb.StopNote(
        by=encode(stop.by),
        manner=convertManner(stop.manner),
        at=stop.at,
        cause=CAUSES[stop.cause],
        reason=encode(stop.reason),
    )


def _unconvertStop(message: pb.StopNote) -> Stop:
    return Stop(
        decode(message.by),
        unconvertManner(message.manner),
        message.at,
        unconvertCause(message.cause),
        decode(message.reason),
    )


def _convertEnding(ending: Ending) -> pb.Ending:
    return pb.Ending(
        cause=CAUSES[ending.cause],
        status=None if ending.status is None else _convertStatus(ending.status),
        at=ending.at,
        reason=encode(ending.reason),
    )


def _unconvertEnding(message: pb.Ending) -> Ending:
    return Ending(
        unconvertCause(message.cause),
        _unconvertStatus(message.status) if message.HasField("status") else None,
        message.at,
        decode(message.reason),
    )


def unconvertCause(number: pb.Cause) -> Cause:
    """
    Make a cause of its number.
    """
    if number not in _CAUSES:
        raise BadMessage(f"cause {number}")
    return _CAUSES[number]
