"""
Lines: how they are numbered, and reading a log by them.

A line gets its number when its newline arrives.  A line of more than
L{MAX_LINE} bytes is numbered in pieces, each when the byte behind it arrives;
what has no newline when the log is sealed is numbered then, standard output
first.  So numbers depend on the order of the bytes alone, not on who reads
them when.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Final, TypeAlias

from attrs import define, field, frozen

from ..jobs import Source
from .files import LogFiles
from .walking import Offsets, Segment, Walk

# The longest line, in bytes, that is numbered as one.
MAX_LINE: Final = 2**16

# How many bytes may be passed over without a pause when nobody may wait.
_PATIENCE: Final = 2**22


@frozen
class Line:
    """
    A line, or a piece of one.

    @ivar time: When its end was read: nanoseconds since the epoch.
    @ivar data: Without the newline.
    @ivar terminated: Whether a newline followed.
    """

    number: int
    source: Source
    time: int
    data: bytes
    terminated: bool


# Where a line begins, where its data ends, and where the next line begins.
_Cut: TypeAlias = tuple[int, int, int]


@define
class LineCursor:
    """
    A reader of lines.

    @ivar number: The number of the line that comes next.
    @ivar finished: Whether everything up to the seal was delivered.
    @ivar _start: The first number wanted.
    @ivar _begun: For each source that is looked at, where the line begins that
        has no end yet.
    """

    _files: LogFiles
    _start: int = 0
    _begun: Offsets = field(factory=lambda: dict.fromkeys(Source, 0))
    number: int = field(default=0, init=False)
    finished: bool = field(default=False, init=False)
    _walk: Walk = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._walk = Walk(self._files)

    def read(self, limit: int, wait: bool = True) -> list[Line]:
        """
        Read the lines that come next.

        @param limit: About the most bytes wanted.

        @return: At least one line, unless no more is complete yet.

        @raise BlockingIOError: If the disk would have to be waited for, or
            the way to the first line is long, and C{wait} is false.  Nothing
            that is wanted was passed over.

        @raise SpoolDamaged: If the log is not what was written.
        """
        lines: list[Line] = []
        patience = _PATIENCE
        try:
            while limit > 0 and (segment := self._walk.peek(MAX_LINE, wait)):
                if not lines and patience <= 0 and not wait:
                    raise BlockingIOError(errno.EAGAIN, "the way is long")
                if self.number < self._start and self._pass(segment, wait):
                    patience -= segment.length
                    continue
                lines += self._deliver(segment, wait)
                limit -= segment.length if lines else 0
            if self._walk.sealed and not self.finished:
                lines += self._finish(wait)
        except BlockingIOError:
            if not lines:
                raise
        return lines

    def begins(self) -> Offsets:
        """
        For each source, find the first byte of a line not delivered yet.
        """
        return dict(self._begun)

    def skip(self) -> None:
        """
        Go to the first line wanted, or as far as there are lines.  This may
        take long.
        """
        while self.number < self._start and (
            segment := self._walk.peek(MAX_LINE, True)
        ):
            if self._pass(segment, True):
                continue
            cuts = self._cuts(segment, self._data(segment, True), True)
            self._begun[segment.source] = cuts[self._start - self.number - 1][2]
            self.number = self._start

    def reached(self) -> Offsets:
        """
        For each source, find the first byte not looked at yet.
        """
        return {source: self._walk.offsets[source] for source in self._begun}

    def unfinished(self) -> int:
        """
        Count the lines that have begun and have no end yet.
        """
        reached = self.reached()
        return sum(reached[source] > at for source, at in self._begun.items())

    def _pass(self, segment: Segment, wait: bool) -> bool:
        """
        Go over a segment in which no line ends that is wanted.

        @return: Whether it was one.
        """
        source = segment.source
        if source in self._begun:
            data = self._data(segment, wait)
            begun = self._begun[source]
            head = data.find(b"\n")
            if segment.offset - begun + (len(data) if head < 0 else head) > MAX_LINE:
                cuts = self._cuts(segment, data, wait)
                count, begun = len(cuts), cuts[-1][2]
            elif count := data.count(b"\n"):
                begun = segment.offset + data.rfind(b"\n") + 1
            if self.number + count > self._start:
                return False
            self.number += count
            self._begun[source] = begun
        self._walk.take(segment)
        return True

    def _deliver(self, segment: Segment, wait: bool) -> list[Line]:
        """
        Go over a segment, and make the lines that end in it.
        """
        source = segment.source
        held = self._data(segment, wait)
        cuts = self._cuts(segment, held, wait)
        lines: list[Line] = []
        if cuts:
            base = cuts[0][0]
            if base < segment.offset:
                held = (
                    self._files.read(source, base, segment.offset - base, wait) + held
                )
            else:
                base = segment.offset
            lines = [
                Line(number, source, segment.time, held[b - base : e - base], n > e)
                for number, (b, e, n) in enumerate(cuts, self.number)
                if number >= self._start
            ]
            self._begun[source] = cuts[-1][2]
            self.number += len(cuts)
        self._walk.take(segment)
        return lines

    def _finish(self, wait: bool) -> list[Line]:
        """
        Make lines of what had no end when the log was sealed.
        """
        lines = []
        number = self.number
        for source, begin in sorted(self._begun.items()):
            if length := self._walk.offsets[source] - begin:
                data = self._files.read(source, begin, length, wait)
                lines.append(Line(number, source, self._walk.time, data, False))
                number += 1
        self.number = number
        self.finished = True
        return [line for line in lines if line.number >= self._start]

    def _data(self, segment: Segment, wait: bool) -> bytes:
        """
        Read the bytes of a segment.
        """
        return self._files.read(segment.source, segment.offset, segment.length, wait)

    def _cuts(self, segment: Segment, data: bytes, wait: bool) -> list[_Cut]:
        """
        Find the lines that end in a segment.
        """
        begin = self._begun[segment.source]
        cuts: list[_Cut] = []
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


def offsetsOfLine(files: LogFiles, sources: Iterable[Source], line: int) -> Offsets:
    """
    Find where a line begins: for each source, the first byte that belongs to
    that line or a later one.  Lines are counted over these sources alone.

    This may take long: about a second for some gigabytes.
    """
    cursor = LineCursor(files, line, dict.fromkeys(sources, 0))
    cursor.skip()
    return cursor.begins()


def offsetsOfLast(files: LogFiles, sources: Iterable[Source], count: int) -> Offsets:
    """
    Find where the last lines begin, an unfinished one included.

    This may take long: about a second for some gigabytes.
    """
    wanted = tuple(sources)
    cursor = LineCursor(files, 2**63, dict.fromkeys(wanted, 0))
    cursor.skip()
    if count == 0:
        return cursor.reached()
    total = cursor.number + cursor.unfinished()
    return offsetsOfLine(files, wanted, max(0, total - count))
