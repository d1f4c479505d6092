"""
Reading a log byte-exact, in chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, field, frozen

from ..jobs import Source
from .files import LogFiles
from .walking import Offsets, Segment, Walk

# The largest chunk, in bytes.
CHUNK: Final = 2**16

# Bytes of one source are put into one chunk, and get one time, if they came
# within so many nanoseconds.
_SAME_TIME: Final = 100_000_000


@frozen
class Chunk:
    """
    Bytes that a job wrote.

    @ivar offset: Where in its source they begin.
    @ivar time: When the first of them was read: nanoseconds since the epoch.
    """

    source: Source
    offset: int
    time: int
    data: bytes


@define
class ChunkCursor:
    """
    A reader of some sources of a log.

    @ivar _begin: For each source that is wanted, the offset to begin at.
    """

    _files: LogFiles
    _begin: Mapping[Source, int]
    _walk: Walk = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._walk = Walk(self._files)

    @property
    def offsets(self) -> Offsets:
        """
        For each source that is wanted, the first byte not delivered yet.
        """
        gone = self._walk.offsets
        return {source: max(gone[source], at) for source, at in self._begin.items()}

    @property
    def finished(self) -> bool:
        """
        Whether everything up to the seal was delivered.
        """
        return self._walk.sealed

    def read(self, limit: int, wait: bool = True) -> list[Chunk]:
        """
        Read what comes next.

        @param limit: About the most bytes wanted; at least one chunk is
            delivered if there is one.

        @return: Chunks of at most L{CHUNK} bytes; none if there is nothing
            more yet.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.  Nothing was skipped.

        @raise SpoolDamaged: If the log is not what was written.
        """
        chunks: list[Chunk] = []
        try:
            while limit > 0:
                self._walk.skip(self._begin, wait)
                walk = self._walk.copy()
                span = _span(walk, wait)
                if span is None:
                    break
                data = self._files.read(span.source, span.offset, span.length, wait)
                chunks.append(Chunk(span.source, span.offset, span.time, data))
                limit -= span.length
                self._walk = walk
        except BlockingIOError:
            if not chunks:
                raise
        return chunks


def _span(walk: Walk, wait: bool) -> Segment | None:
    """
    Take a chunk's worth of segments that belong together.
    """
    first = walk.peek(CHUNK, wait)
    if first is None:
        return None
    length = 0
    segment: Segment | None = first
    while (
        segment is not None
        and segment.length
        and segment.source is first.source
        and segment.time - first.time < _SAME_TIME
    ):
        walk.take(segment)
        length += segment.length
        segment = _peekIfReady(walk, CHUNK - length, wait)
    return Segment(first.source, first.offset, first.time, length)


def _peekIfReady(walk: Walk, limit: int, wait: bool) -> Segment | None:
    """
    Look at what comes next, unless that would have to be waited for.
    """
    try:
        return walk.peek(limit, wait)
    except BlockingIOError:
        return None
