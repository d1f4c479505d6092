"""
Two ways to read a log: in chunks, as our servers offer it, and in lines, as
all servers do.

A reading knows what it has received, and goes on there when it is attempted
again.  Nothing here performs I/O.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from attrs import define, field

from ..api import worker_pb2 as wire
from ..jobs import Source
from .events import Event, Finished, Missing, Output
from .failures import OutputDamaged, Unreachable
from .ledger import Ledger
from .questions import Inquiry, Question, inChunks, inLines, querying
from .translation import statusOf
from .values import JobStatus


class Reading(Protocol):
    """
    One way to read one log.
    """

    @property
    def progress(self) -> int:
        """
        Get a number that rises with everything that arrives, heartbeats too.
        """

    def inquiry(self) -> Inquiry[Any]:
        """
        Ask for what was not received yet.
        """

    def take(self, message: Any) -> Event | None:
        """
        Take one message, and say what it tells.

        @return: L{Finished} if there is nothing more to come.
        """

    def after(self) -> Question[JobStatus]:
        """
        Go on when all messages have come.

        @return: What to ask, to know how the job ended.

        @raise Unreachable: If there should have been more.
        """


@define(eq=False)
class ChunkReading:
    """
    Reads chunks, exact to the byte, and verifies them.

    @ivar begun: Whether a server has ever answered.
    """

    _identifier: str
    _sources: Sequence[Source] = (Source.STDOUT, Source.STDERR)
    _follow: bool = True
    _line: int | None = None
    _last: int | None = None
    _ledger: Ledger = field(init=False)
    progress: int = field(default=0, init=False)
    begun: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        """
        Begin with nothing.
        """
        self._ledger = Ledger(self._sources)

    def inquiry(self) -> Inquiry[wire.ReadReply]:
        """
        Ask for what was not received yet.
        """
        return inChunks(self._request())

    def take(self, message: wire.ReadReply) -> Event | None:
        """
        Take a message.

        @raise OutputDamaged: If it does not fit what came before.
        """
        kind = message.WhichOneof("reply")
        if kind == "begin":
            self._ledger.begin(message.begin)
            self.begun = True
            return None
        self.progress += 1
        if kind == "chunk":
            source, offset, data = self._ledger.take(message.chunk)
            if data:
                return Output(source, offset, message.chunk.time, data)
        elif kind == "gap":
            source, offset, length = self._ledger.skip(message.gap)
            if length:
                return Missing(source, offset, length, message.gap.reason)
        elif kind == "end":
            self._ledger.verify(message.end)
            return Finished(statusOf(message.end.status))
        return None

    def after(self) -> Question[JobStatus]:
        """
        Refuse to believe that this was all, as the end has not come.
        """
        raise Unreachable("the server broke off before the end of the log")

    def _request(self) -> wire.ReadRequest:
        """
        Ask for what was not received yet.
        """
        request = wire.ReadRequest(
            job=wire.Job(id=self._identifier),
            sources=[int(source) for source in self._sources],  # type: ignore[misc]
            follow=self._follow,
        )
        offsets = self._ledger.offsets()
        if offsets is not None:
            request.offsets.CopyFrom(offsets)
        elif self._line is not None:
            request.line = self._line
        elif self._last is not None:
            request.last = self._last
        return request


@define(eq=False)
class LineReading:
    """
    Reads lines.  Nothing can be verified but their numbers.
    """

    _identifier: str
    _sources: Sequence[Source] = (Source.STDOUT, Source.STDERR)
    progress: int = field(default=0, init=False)
    _next: int = field(default=0, init=False)
    _offsets: dict[Source, int] = field(factory=dict, init=False)

    def inquiry(self) -> Inquiry[wire.Log]:
        """
        Ask for what was not received yet.
        """
        job = wire.Job(id=self._identifier)
        return inLines(wire.StreamRequest(job=job, startPoint=self._next))

    def take(self, message: wire.Log) -> Event | None:
        """
        Take a line.

        @raise OutputDamaged: If others are missing before it.
        """
        if message.nbSequence < self._next:
            return None
        if message.nbSequence > self._next:
            raise OutputDamaged(
                f"{message.nbSequence - self._next} lines of the log did not arrive, "
                f"from line {self._next} on",
                "read the log again from its beginning",
            )
        self._next += 1
        self.progress += 1
        output = self._output(message)
        if output is not None and output.source in self._sources:
            return output
        return None

    def after(self) -> Question[JobStatus]:
        """
        Ask how the job ended.
        """
        return querying(self._identifier)

    def _output(self, log: wire.Log) -> Output | None:
        """
        Make of a line what the job wrote, if it did.
        """
        try:
            entry = json.loads(log.entry)
            name, text = str(entry["source"]), str(entry["msg"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise OutputDamaged(
                f"line {log.nbSequence} of the log is nothing that a job worker sends",
                "check the address",
            ) from None
        # The service's own remarks are no output of the job.
        if name not in ("stdout", "stderr"):
            return None
        source = Source[name.upper()]
        data = _bytesOf(text) + (b"" if log.unterminated else b"\n")
        offset = self._offsets.get(source, 0)
        self._offsets[source] = offset + len(data)
        return Output(source, offset, 0, data)


def _bytesOf(text: str) -> bytes:
    """
    Get the bytes that a line had; those that are not UTF-8 stand as lone
    surrogates.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
