"""
Reading a log byte-exact, in chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import define, evolve, field, frozen

from ..errors import SpoolDamaged
from ..jobs import Source
from .files import LogFiles
from .walking import DROPPED, NOT_KEPT, Gap, Offsets, Segment, Walk

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

    @ivar _begin: For each source that is wanted, the offset before which
        nothing more is to be delivered.
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

    def read(self, limit: int, wait: bool = True) -> list[Chunk | Gap]:
        """
        Read what comes next.

        @param limit: The most bytes wanted.

        @return: Chunks, and gaps where bytes are missing; nothing if there is
            nothing more yet.  Each source is whole, in order, and without
            overlap.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.  Nothing was skipped.

        @raise SpoolDamaged: If the log is not what was written.
        """
        while True:
            before, frame = self.offsets, self._walk.frame
            try:
                items = self._readOn(limit, wait)
            except (BlockingIOError, SpoolDamaged):
                if not self._walk.overtaken(frame):
                    raise
            else:
                if not self._walk.overtaken(frame):
                    return items
            # What was just read may have been dropped at the same time.
            if gaps := self._jump(before):
                return gaps

    def _readOn(self, limit: int, wait: bool) -> list[Chunk | Gap]:
        """
        Read what comes next, whether it is still there or not.
        """
        items: list[Chunk | Gap] = []
        try:
            while limit > 0:
                self._walk.skip(self._begin, wait)
                walk = self._walk.copy()
                span = _span(walk, limit, wait)
                if span is None:
                    break
                source, offset, length = span.source, span.offset, span.length
                if span.missing:
                    items.append(Gap(source, offset, length, NOT_KEPT))
                else:
                    data = self._files.read(source, offset, length, wait)
                    items.append(Chunk(source, offset, span.time, data))
                    limit -= length
                self._walk = walk
        except BlockingIOError:
            if not items:
                raise
        return items

    def _jump(self, before: Offsets) -> list[Chunk | Gap]:
        """
        Go to what is left after something was dropped.

        @param before: For each source, the first byte not delivered yet.

        @return: What is missing.
        """
        floor = self._files.floor()
        self._walk = Walk.above(self._files, floor)
        self._begin = before
        return [
            Gap(source, at, floor.marks[source].begun - at, DROPPED)
            for source, at in before.items()
            if at < floor.marks[source].begun
        ]


def _span(walk: Walk, limit: int, wait: bool) -> Segment | None:
    """
    Take segments that belong together, of so many bytes at most.
    """
    first = walk.peek(limit, wait)
    if first is None:
        return None
    length = 0
    segment: Segment | None = first
    while (
        segment is not None
        and segment.length
        and segment.source is first.source
        and segment.missing is first.missing
        and segment.time - first.time < _SAME_TIME
    ):
        walk.take(segment)
        length += segment.length
        segment = _peekIfReady(walk, max(limit - length, 0), wait)
    return evolve(first, length=length)


def _peekIfReady(walk: Walk, limit: int, wait: bool) -> Segment | None:
    """
    Look at what comes next, unless that would have to be waited for.
    """
    try:
        return walk.peek(limit, wait)
    except BlockingIOError:
        return None
