"""
Servers of logs that are honest, or not, and break off where a test says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import grpc
from attrs import define, field

from jobworker.api import worker_pb2 as wire
from jobworker.client.failures import Unreachable, Unsupported
from jobworker.client.questions import Inquiry, Question

from .wireserver import ID, status

_Answer = TypeVar("_Answer")


@define
class LogScript:
    """
    One log, as a server sends it.

    @ivar pieces: What the job wrote: source and bytes, in order; or for a gap
        the source and the number of bytes that are missing.
    @ivar cuts: How many messages each attempt sends before it breaks off; those
        that come after send everything.
    @ivar change: What to do to messages before they are sent.
    @ivar requests: What was asked.
    """

    pieces: Sequence[tuple[int, bytes | int]]
    cuts: list[int] = field(factory=list)
    ending: wire.JobStatus = field(factory=status)
    change: Callable[[wire.ReadReply], object] = lambda reply: None
    requests: list[wire.ReadRequest] = field(factory=list)

    def replies(self, request: wire.ReadRequest) -> Iterator[wire.ReadReply]:
        """
        Answer a request.

        @raise Unreachable: Where the connection breaks off.
        """
        self.requests.append(request)
        cut = self.cuts.pop(0) if self.cuts else None
        for count, reply in enumerate(self._all(request)):
            if count == cut:
                raise Unreachable("cut")
            self.change(reply)
            yield reply

    def served(
        self, request: wire.ReadRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.ReadReply]:
        """
        Answer a request by gRPC.
        """
        try:
            yield from self.replies(request)
        except Unreachable as failure:
            context.abort(grpc.StatusCode.UNAVAILABLE, failure.cause)

    def written(self, source: int) -> bytes:
        """
        Get what the job wrote to one source and is still there.
        """
        return b"".join(
            piece
            for number, piece in self.pieces
            if number == source and isinstance(piece, bytes)
        )

    def _all(self, request: wire.ReadRequest) -> Iterator[wire.ReadReply]:
        """
        Write all messages.
        """
        begins = {offset.source: offset for offset in request.offsets.offsets}
        start = {
            source: begins[source].offset if source in begins else 0
            for source in request.sources
        }
        yield wire.ReadReply(
            begin=wire.Begin(
                offsets=[
                    wire.Offset(
                        source=source,
                        offset=offset,
                        digest_from=begins[source].digest_from
                        if source in begins
                        else offset,
                    )
                    for source, offset in start.items()
                ]
            )
        )
        yield wire.ReadReply(heartbeat=wire.Heartbeat(time=1))
        position = dict.fromkeys(start, 0)
        for number, piece in self.pieces:
            if number in start:
                yield from self._piece(number, piece, position, start)
        yield wire.ReadReply(end=self._end(begins, position))

    def _piece(
        self,
        number: Any,
        piece: bytes | int,
        position: dict[Any, int],
        start: Mapping[Any, int],
    ) -> Iterator[wire.ReadReply]:
        """
        Write what of a piece is behind the start.
        """
        first = position[number]
        length = len(piece) if isinstance(piece, bytes) else piece
        position[number] += length
        skipped = max(0, start[number] - first)
        if skipped >= length:
            return
        if isinstance(piece, bytes):
            yield wire.ReadReply(
                chunk=wire.Chunk(
                    source=number, offset=first + skipped, time=7, data=piece[skipped:]
                )
            )
        else:
            yield wire.ReadReply(
                gap=wire.Gap(
                    source=number,
                    offset=first + skipped,
                    length=length - skipped,
                    reason="over quota",
                )
            )

    def _end(
        self, begins: Mapping[Any, wire.Offset], position: Mapping[Any, int]
    ) -> wire.End:
        """
        Write the last message, assuming that digests begin at the first byte.
        """
        return wire.End(
            status=self.ending,
            totals=[
                wire.Total(
                    source=source,
                    bytes=size,
                    digest_from=0,
                    digest=blake2b(self.written(source)).digest(),
                )
                for source, size in position.items()
            ],
        )


@define
class ScriptedConnection:
    """
    A connection without a network to a server that acts by a script.

    @ivar lines: What the server sends line by line, for each attempt; an
        attempt with an end that is C{None} breaks off there.
    """

    script: LogScript | None = None
    lines: list[list[wire.Log | None]] = field(factory=list)
    ending: wire.JobStatus = field(factory=status)
    startPoints: list[int] = field(factory=list)
    opened: int = 0
    closed: int = 0

    def connect(self) -> ScriptedConnection:
        """
        Count another connection.
        """
        self.opened += 1
        return self

    def follow(self, inquiry: Inquiry[Any]) -> Iterator[Any]:
        """
        Send a log in chunks, if that is known here, or in lines.
        """
        if inquiry.method == "ReadLog":
            if self.script is None:
                raise Unsupported("Method not found!")
            return self.script.replies(inquiry.request)
        return self._lines(inquiry.request)

    def _lines(self, request: wire.StreamRequest) -> Iterator[wire.Log]:
        """
        Send a log in lines.
        """
        self.startPoints.append(request.startPoint)
        for line in self.lines.pop(0):
            if line is None:
                raise Unreachable("cut")
            yield line

    def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Say how the job ended.
        """
        assert (question.method, question.request.id) == ("QueryJob", ID)
        return question.meaning(self.ending)

    def close(self) -> None:
        """
        Count the end of a connection.
        """
        self.closed += 1
