"""
Two ways to read a log: in chunks, as our servers offer it, and in lines, as
all servers do.

A reading knows what it has received.  It may be attempted again, over another
connection, and goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Protocol

from attrs import define, field

from ..api import worker_pb2 as wire
from ..jobs import Source
from .events import Event, Finished, Missing, Output
from .failures import OutputDamaged, Unreachable
from .ledger import Ledger
from .translation import statusOf


class LogConnection(Protocol):
    """
    What a reading needs of a connection.
    """

    def readLog(self, request: wire.ReadRequest) -> Iterator[wire.ReadReply]:
        """
        Read a log in chunks.
        """

    def streamLog(self, request: wire.StreamRequest) -> Iterator[wire.Log]:
        """
        Read a log in lines.
        """

    def queryJob(self, request: wire.Job) -> wire.JobStatus:
        """
        Ask about a job.
        """

    def close(self) -> None:
        """
        End the connection.
        """


class Reading(Protocol):
    """
    One way to read one log.
    """

    @property
    def progress(self) -> int:
        """
        Get a number that rises with everything that arrives, heartbeats too.
        """

    def attempt(self, connection: LogConnection) -> Iterator[Event]:
        """
        Read on over a connection, up to the end of the log.

        @raise Unreachable: If the connection is lost.
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

    def attempt(self, connection: LogConnection) -> Iterator[Event]:
        """
        Read on.
        """
        for reply in connection.readLog(self._request()):
            kind = reply.WhichOneof("reply")
            if kind == "begin":
                self._ledger.begin(reply.begin)
                self.begun = True
                continue
            self.progress += 1
            if kind == "chunk":
                source, offset, data = self._ledger.take(reply.chunk)
                if data:
                    yield Output(source, offset, reply.chunk.time, data)
            elif kind == "gap":
                source, offset, length = self._ledger.skip(reply.gap)
                if length:
                    yield Missing(source, offset, length, reply.gap.reason)
            elif kind == "end":
                self._ledger.verify(reply.end)
                yield Finished(statusOf(reply.end.status))
                return
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

    def attempt(self, connection: LogConnection) -> Iterator[Event]:
        """
        Read on.
        """
        job = wire.Job(id=self._identifier)
        request = wire.StreamRequest(job=job, startPoint=self._next)
        for log in connection.streamLog(request):
            if log.nbSequence < self._next:
                continue
            if log.nbSequence > self._next:
                raise OutputDamaged(
                    f"{log.nbSequence - self._next} lines of the log did not arrive, "
                    f"from line {self._next} on",
                    "read the log again from its beginning",
                )
            self._next += 1
            self.progress += 1
            output = self._output(log)
            if output is not None and output.source in self._sources:
                yield output
        yield Finished(statusOf(connection.queryJob(job)))

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
