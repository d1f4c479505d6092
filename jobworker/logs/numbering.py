"""
How lines are numbered.

A line gets its number when its newline arrives.  A line of more than
L{MAX_LINE} bytes is numbered in pieces, each when the byte behind it arrives.
Bytes that were not kept end the line before them, and then have a number of
their own.  What has no newline when the log is sealed is numbered then,
standard output first.  So numbers depend on the order of the bytes alone, not
on who reads them when.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from attrs import define, field

from .files import LogFiles
from .floors import Floor, Mark
from .walking import Offsets, Segment, Walk

# The longest line, in bytes, that is numbered as one.
MAX_LINE: Final = 2**16

# Where a line begins, where its data ends, and where the next line begins.
Cut: TypeAlias = tuple[int, int, int]


@define
class Numbering:
    """
    A position in a log, and how many lines there are before it.

    @ivar begun: For each source that is looked at, where the line begins that
        has no end yet.
    @ivar counts: For each of them, how many lines have ended.
    """

    _files: LogFiles
    begun: Offsets
    counts: Offsets = field(init=False)
    walk: Walk = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.counts = dict.fromkeys(self.begun, 0)
        self.walk = Walk(self._files)

    @property
    def number(self) -> int:
        """
        The number of the line that comes next.
        """
        return sum(self.counts.values())

    def jump(self, floor: Floor) -> None:
        """
        Go to a floor.
        """
        self.begun = {source: floor.marks[source].begun for source in self.begun}
        self.counts = {source: floor.marks[source].lines for source in self.begun}
        self.walk = Walk.above(self._files, floor)

    def floor(self, sequence: int) -> Floor:
        """
        Make a floor of this place, which must be between two frames, and to
        which all sources must have been looked at.
        """
        marks = {
            source: Mark(self.walk.offsets[source], begun, self.counts[source])
            for source, begun in self.begun.items()
        }
        return Floor(sequence, self.walk.frame, self.walk.time, marks)

    def peek(self, wait: bool, limit: int = MAX_LINE) -> Segment | None:
        """
        Look at what comes next, at most so many bytes of it.
        """
        return self.walk.peek(min(limit, MAX_LINE), wait)

    def data(self, segment: Segment, wait: bool) -> bytes:
        """
        Read the bytes of a segment; if they are missing there are none.
        """
        if segment.missing:
            return b""
        return self._files.read(segment.source, segment.offset, segment.length, wait)

    def take(self, segment: Segment, cuts: list[Cut]) -> None:
        """
        Go behind a segment with the lines that end in it.
        """
        if cuts:
            self.begun[segment.source] = cuts[-1][2]
            self.counts[segment.source] += len(cuts)
        self.walk.take(segment)

    def go(self, segment: Segment, start: int, wait: bool) -> bool:
        """
        Go behind a segment, unless a line ends in it with a number from
        C{start} on.

        @return: Whether it was passed.
        """
        source = segment.source
        if source in self.begun:
            count, begun = self._count(segment, wait)
            if self.number + count > start:
                return False
            self.counts[source] += count
            self.begun[source] = begun
        self.walk.take(segment)
        return True

    def _count(self, segment: Segment, wait: bool) -> tuple[int, int]:
        """
        Count the lines that end in a segment, and find where the next begins.
        """
        begun = self.begun[segment.source]
        data = self.data(segment, wait)
        head = data.find(b"\n")
        length = segment.offset - begun + (len(data) if head < 0 else head)
        if length > MAX_LINE or segment.missing:
            cuts = self.cuts(segment, data, wait)
            return len(cuts), cuts[-1][2]
        if count := data.count(b"\n"):
            begun = segment.offset + data.rfind(b"\n") + 1
        return count, begun

    def cuts(self, segment: Segment, data: bytes, wait: bool) -> list[Cut]:
        """
        Find the lines that end in a segment.

        @return: If its bytes are missing, the last stands for those.
        """
        begin = self.begun[segment.source]
        cuts: list[Cut] = []
        if segment.missing:
            end = segment.offset + segment.length
            if begin < segment.offset:
                cuts.append((begin, segment.offset, segment.offset))
            return [*cuts, (segment.offset, end, end)]
        position = 0
        while True:
            newline = data.find(b"\n", position)
            end = segment.offset + (len(data) if newline < 0 else newline)
            while end - begin > MAX_LINE:
                around = begin + MAX_LINE - 3
                four = self._files.read(segment.source, around, 4, wait)
                cut = around + _betweenCharacters(four)
                cuts.append((begin, cut, cut))
                begin = cut
            if newline < 0:
                return cuts
            cuts.append((begin, end, end + 1))
            begin = end + 1
            position = newline + 1


def _betweenCharacters(four: bytes) -> int:
    """
    Choose where to cut among four bytes: before the last of them, or earlier
    if that is inside of a UTF-8 character (RFC 3629, section 3).
    """
    for position in (3, 2, 1, 0):
        byte = four[position]
        if byte & 0xC0 != 0x80:
            return position if byte >= 0xC0 or position == 3 else 3
    return 3
