"""
Reading a log by lines.
"""

from __future__ import annotations

import errno
from typing import Final

from attrs import define, field, frozen

from ..errors import SpoolDamaged
from ..jobs import Source
from .files import LogFiles
from .numbering import MAX_LINE, Cut, Numbering
from .walking import DROPPED, NOT_KEPT, Gap, Offsets, Segment

# How many bytes may be passed over without a pause when nobody may wait, or
# without looking whether they were dropped in the meantime.
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


@frozen
class LineGap:
    """
    Lines that are not there.

    @ivar number: The number of the last of them.
    @ivar time: When it was noticed that they would be missing.
    @ivar gap: The bytes that are missing with them.
    """

    number: int
    time: int
    gap: Gap


@define
class LineCursor:
    """
    A reader of lines.

    @ivar finished: Whether everything up to the seal was delivered.
    @ivar _start: The first number wanted.
    @ivar _begun: For each source that is looked at, 0.
    """

    _files: LogFiles
    _start: int = 0
    _begun: Offsets = field(factory=lambda: dict.fromkeys(Source, 0))
    finished: bool = field(default=False, init=False)
    _place: Numbering = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._place = Numbering(self._files, dict(self._begun))

    @property
    def number(self) -> int:
        """
        The number of the line that comes next.
        """
        return self._place.number

    def read(self, limit: int, wait: bool = True) -> list[Line | LineGap]:
        """
        Read the lines that come next.

        @param limit: About the most bytes wanted.

        @return: At least one line or gap, unless no more is complete yet.
            Their numbers rise; between those of lines only numbers are left
            out for which there is a gap.

        @raise BlockingIOError: If the disk would have to be waited for, or
            the way to the first line is long, and C{wait} is false.  Nothing
            that is wanted was passed over.

        @raise SpoolDamaged: If the log is not what was written.
        """
        while True:
            frame, begun = self._place.walk.frame, dict(self._place.begun)
            try:
                lines = self._readOn(limit, wait)
            except (BlockingIOError, SpoolDamaged):
                if not self._place.walk.overtaken(frame):
                    raise
            else:
                if not self._place.walk.overtaken(frame):
                    return lines
            # What was just read may have been dropped at the same time.
            if gaps := self._jump(begun):
                return gaps

    def begins(self) -> Offsets:
        """
        For each source, find the first byte of a line not delivered yet.
        """
        return dict(self._place.begun)

    def skip(self) -> bool:
        """
        Go to the first line wanted, or as far as there are lines.  This may
        take long.

        @return: Whether that line is there, or may still come, rather than
            having been dropped.
        """
        while True:
            frame, begun = self._place.walk.frame, dict(self._place.begun)
            try:
                arrived = self._skipOn()
            except SpoolDamaged:
                if not self._place.walk.overtaken(frame):
                    raise
                arrived = False
            if self._place.walk.overtaken(frame):
                self._jump(begun)
                if self.number > self._start:
                    return False
            elif arrived:
                return True

    def reached(self) -> Offsets:
        """
        For each source, find the first byte not looked at yet.
        """
        return {source: self._place.walk.offsets[source] for source in self._begun}

    def unfinished(self) -> int:
        """
        Count the lines that have begun and have no end yet.
        """
        reached = self.reached()
        return sum(reached[source] > at for source, at in self._place.begun.items())

    def _jump(self, begun: Offsets) -> list[Line | LineGap]:
        """
        Go to what is left after something was dropped.

        @param begun: For each source, the first byte of a line not delivered.

        @return: What is missing.  There are at least as many lines missing as
            sources that miss some.
        """
        floor = self._files.floor()
        self._place.jump(floor)
        self.finished = False
        gaps = [
            Gap(source, at, floor.marks[source].begun - at, DROPPED)
            for source, at in sorted(begun.items())
            if at < floor.marks[source].begun
        ]
        return [
            LineGap(number, floor.time, gap)
            for number, gap in enumerate(gaps, self.number - len(gaps))
            if number >= self._start
        ]

    def _readOn(self, limit: int, wait: bool) -> list[Line | LineGap]:
        """
        Read the lines that come next, whether they are still there or not.
        """
        lines: list[Line | LineGap] = []
        place = self._place
        patience = _PATIENCE
        try:
            while limit > 0:
                most = limit if place.number >= self._start else MAX_LINE
                segment = place.peek(wait, most)
                if segment is None:
                    break
                if not lines and patience <= 0 and not wait:
                    raise BlockingIOError(errno.EAGAIN, "the way is long")
                if place.number < self._start and place.go(segment, self._start, wait):
                    patience -= segment.length
                    continue
                lines += self._deliver(segment, wait)
                limit -= segment.length if lines else 0
            if place.walk.sealed and not self.finished:
                lines += self._finish(wait)
        except BlockingIOError:
            if not lines:
                raise
        return lines

    def _skipOn(self) -> bool:
        """
        Go on to the first line wanted, but not too far at once.

        @return: Whether there is no need to go on.
        """
        place = self._place
        patience = _PATIENCE
        while place.number < self._start and (segment := place.peek(True)):
            if not place.go(segment, self._start, True):
                cuts = place.cuts(segment, place.data(segment, True), True)
                wanted = self._start - place.number
                place.begun[segment.source] = cuts[wanted - 1][2]
                place.counts[segment.source] += wanted
                return True
            patience -= segment.length
            if patience <= 0:
                return False
        return True

    def _deliver(self, segment: Segment, wait: bool) -> list[Line | LineGap]:
        """
        Go over a segment, and make the lines that end in it.
        """
        place = self._place
        held = place.data(segment, wait)
        cuts = place.cuts(segment, held, wait) if segment.source in place.begun else []
        lines = self._cut(segment, held, cuts, wait)
        place.take(segment, cuts)
        return [line for line in lines if line.number >= self._start]

    def _cut(
        self, segment: Segment, held: bytes, cuts: list[Cut], wait: bool
    ) -> list[Line | LineGap]:
        """
        Make lines of a segment whose bytes are held.
        """
        if not cuts:
            return []
        source, time, base = segment.source, segment.time, segment.offset
        if (begun := cuts[0][0]) < base:
            held = self._files.read(source, begun, base - begun, wait) + held
            base = begun
        lines: list[Line | LineGap] = [
            Line(number, source, time, held[b - base : e - base], n > e)
            for number, (b, e, n) in enumerate(cuts, self.number)
        ]
        if segment.missing:
            gap = Gap(source, segment.offset, segment.length, NOT_KEPT)
            lines[-1] = LineGap(lines[-1].number, time, gap)
        return lines

    def _finish(self, wait: bool) -> list[Line | LineGap]:
        """
        Make lines of what had no end when the log was sealed.
        """
        lines: list[Line | LineGap] = []
        place = self._place
        ends = dict(place.begun)
        for source, begin in sorted(place.begun.items()):
            if length := place.walk.offsets[source] - begin:
                data = self._files.read(source, begin, length, wait)
                number = self.number + len(lines)
                lines.append(Line(number, source, place.walk.time, data, False))
                ends[source] = begin + length
        for source, end in ends.items():
            place.counts[source] += end > place.begun[source]
        place.begun = ends
        self.finished = True
        return [line for line in lines if line.number >= self._start]
