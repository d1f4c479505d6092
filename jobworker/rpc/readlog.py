"""
ReadLog: the log of a job, byte-exact, in chunks.
"""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop, ensure_future, wait
from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Final

from attrs import define, field

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from ..jobs import Source
from ..logs.reading import (
    Chunk,
    ChunkCursor,
    Offsets,
    offsetsOfLast,
    offsetsOfLine,
)
from .describing import describe
from .handlers import Writing
from .parsing import BadRequest, Reading, parseReading
from .places import Place, Places
from .replies import beginOf, endOf, heartbeatOf, replyOf

# The bytes that all readers together may have on their way at once, and how
# many of them one reader has at least and at most.  A message costs about the
# same whatever is in it, so that large ones are cheaper; but everybody else has
# to wait while one is made, and a reader that stalls keeps one in memory.
_TOGETHER: Final = 2**24
_LEAST: Final = 2**16
_MOST: Final = 2**18


def portionOf(readers: int) -> int:
    """
    Say how many bytes each of so many readers is sent at once.
    """
    return max(_LEAST, min(_MOST, _TOGETHER // max(readers, 1)))


@define(eq=False)
class ChunkStreamer:
    """
    Answers ReadLog.

    @ivar _heartbeat: Seconds of quiet after which a heartbeat is sent.
    @ivar _readers: Says how many there are.
    """

    _loop: AbstractEventLoop
    _places: Places
    _heartbeat: float
    _readers: Callable[[], int]

    async def readLog(
        self, request: pb.ReadRequest, caller: Caller, write: Writing
    ) -> None:
        """
        Send what was asked for of a log, and how it ended.
        """
        reading = parseReading(request)
        async with self._places.take(request.job, caller, "ReadLog") as place:
            telling = _Telling(
                self._loop, reading, place, write, self._heartbeat, self._portion
            )
            await telling.tell()

    def _portion(self) -> int:
        return portionOf(self._readers())


@define(eq=False)
class _Telling:
    """
    One answer to ReadLog.

    @ivar _portion: Says how many bytes to send at once.
    @ivar _bound: For each source, how much of it was there at first; empty if
        it is followed.
    @ivar _digests: Of what was sent, and of what the client has had before.
        If some of that was dropped since, there is none.
    @ivar _due: When the next heartbeat is, by the loop's clock.
    """

    _loop: AbstractEventLoop
    _reading: Reading
    _place: Place
    _write: Writing
    _heartbeat: float
    _portion: Callable[[], int]
    _bound: Mapping[Source, int] = field(factory=dict, init=False)
    _digests: dict[Source, blake2b] = field(factory=dict, init=False)
    _due: float = field(default=0.0, init=False)

    async def tell(self) -> None:
        """
        Send all messages of the answer.
        """
        files = self._place.desk.files
        there = await self._place.desk.sizes()
        sizes = {source: there[source] for source in self._reading.begin}
        if not self._reading.follow:
            self._bound = sizes
        begin, digestFrom = await self._find(sizes)
        await self._send(beginOf(begin, digestFrom))
        await self._catchUp(begin, digestFrom)
        cursor = ChunkCursor(files, begin)
        while await self._sendMore(cursor):
            pass
        digests = {source: each.digest() for source, each in self._digests.items()}
        status = describe(self._place.follower.record)
        await self._send(endOf(status, cursor.offsets, digestFrom, digests))

    async def _find(self, sizes: Mapping[Source, int]) -> tuple[Offsets, Offsets]:
        """
        Find where to begin, and where the digests do.

        @raise BadRequest: If that is behind the end.
        """
        desk, reading = self._place.desk, self._reading
        if reading.line is not None:
            begin = await desk.inThread(
                offsetsOfLine, desk.files, reading.begin, reading.line
            )
            return begin, begin
        if reading.last is not None:
            begin = await desk.inThread(
                offsetsOfLast, desk.files, reading.begin, reading.last
            )
            return begin, begin
        for source, offset in reading.begin.items():
            if offset > sizes[source]:
                name = source.name.lower()
                raise BadRequest(
                    "offsets", f"{name} has {sizes[source]} bytes, not {offset}"
                )
        return reading.begin, reading.digestFrom

    async def _catchUp(self, begin: Offsets, digestFrom: Offsets) -> None:
        """
        Digest what the client has had before, with heartbeats meanwhile.
        """
        self._digests = {source: blake2b() for source in begin}
        for source, start in digestFrom.items():
            if start == begin[source]:
                continue
            desk = self._place.desk
            digest = self._digests[source]
            work = ensure_future(
                desk.inThread(desk.files.feed, digest, source, start, begin[source])
            )
            try:
                while not (await wait({work}, timeout=self._left()))[0]:
                    await self._beat()
                if not await work:
                    del self._digests[source]
            finally:
                work.cancel()

    async def _sendMore(self, cursor: ChunkCursor) -> bool:
        """
        Send what there is, or wait for more.

        @return: Whether there may be more.

        @raise ShuttingDown: If the service is ending.
        """
        follower = self._place.follower
        follower.requireOpen()
        # A log is sealed before its job has ended: what is not there when
        # this is known will never be.
        ended = follower.ended
        chunks = await self._place.desk.read(cursor, self._portion())
        for chunk in chunks:
            if isinstance(chunk, Chunk) and chunk.source in self._digests:
                self._digests[chunk.source].update(chunk.data)
            await self._send(replyOf(chunk))
        if not self._reading.follow:
            reached = cursor.offsets
            return bool(chunks) and any(
                reached[source] < end for source, end in self._bound.items()
            )
        if not chunks:
            if ended:
                return False
            if not await follower.wait(self._left()) and self._left() <= 0:
                await self._beat()
        return True

    def _left(self) -> float:
        """
        Count the seconds until the next heartbeat.
        """
        return max(0.0, self._due - self._loop.time())

    async def _beat(self) -> None:
        """
        Send a heartbeat.
        """
        await self._send(heartbeatOf(time.time_ns()))

    async def _send(self, reply: bytes) -> None:
        """
        Send a message, and wait while the client is slow.
        """
        await self._write(reply)
        self._due = self._loop.time() + self._heartbeat
