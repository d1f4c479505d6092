"""
Entries of the log as the old wire has them: JSON objects of strings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Final

from ..api import worker_pb2 as pb
from ..jobs import Record, Source
from ..logs.reading import Line, LineGap
from .describing import explain
from .failures import TooLong

#: The greatest number that an entry can have.
MAX_NUMBER: Final = 2**31 - 1

_SECOND: Final = 1_000_000_000

_NAMES: Final = {Source.STDOUT: "stdout", Source.STDERR: "stderr"}


def entryOf(line: Line | LineGap) -> bytes:
    """
    Make the message for a line, or the remark that some are missing.

    @raise TooLong: If it has a number that the wire cannot carry.
    """
    if isinstance(line, LineGap):
        gap = line.gap
        text = (
            f"{gap.length} bytes of {_NAMES[gap.source]} are missing from byte "
            f"{gap.offset} on: {gap.reason}"
        )
        return _message(line.number, _entry(text, "log", line.time), False)
    text = line.data.decode("utf-8", "surrogateescape")
    entry = _entry(text, _NAMES[line.source], line.time)
    return _message(line.number, entry, not line.terminated)


def remarksOn(record: Record, number: int) -> Iterator[tuple[int, bytes]]:
    """
    Make the messages that follow the last line of a job that has ended.

    They depend on the record alone, so that they are always the same.

    @param number: How many lines the job has.

    @return: Numbers and messages.
    """
    time = record.ending.at if record.ending is not None else record.started
    how = explain(record)
    remarks = [how] if how else []
    remarks.append(f"Exiting job {record.identifier}")
    for offset, remark in enumerate(remarks):
        entry = _entry(remark, "log", time)
        yield number + offset, _message(number + offset, entry, False)


def _entry(text: str, source: str, time: int) -> str:
    """
    Write an entry down, in ASCII.
    """
    message = encode_basestring_ascii(text)
    return (
        f'{{"msg":{message},"source":"{source}",'
        f'"time":"{_timestamp(time)}","level":"info"}}'
    )


def _message(number: int, entry: str, unterminated: bool) -> bytes:
    if number > MAX_NUMBER:
        raise TooLong
    log = pb.Log(nbSequence=number, entry=entry, unterminated=unterminated)
    return log.SerializeToString()


def _timestamp(time: int) -> str:
    """
    Write a time down after RFC 3339, in UTC, with nanoseconds.
    """
    second, rest = divmod(time, _SECOND)
    return f"{_second(second)}.{rest:09}Z"


@lru_cache(16)
def _second(second: int) -> str:
    moment = datetime.fromtimestamp(second, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
