"""
A way through a log in the order of arrival, without its bytes.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from ..jobs import Source
from .files import LogFiles
from .floors import GROUND, Floor
from .frames import Frame, Kind

Offsets: TypeAlias = dict[Source, int]

_UNBOUNDED: Final = 2**63
# How many frames may be passed over without a pause when nobody may wait.
_PATIENCE: Final = 4096


# Why bytes are not there.
DROPPED: Final = "dropped to keep the log within its limit"
NOT_KEPT: Final = "not kept because the log had reached its limit"


@frozen
class Segment:
    """
    Consecutive bytes of one frame, not yet read.

    @ivar missing: Whether they were never kept.
    """

    source: Source
    offset: int
    time: int
    length: int
    missing: bool = False


@frozen
class Gap:
    """
    Bytes that a job wrote and that are not there.

    @ivar offset: Where in its source they began.
    @ivar reason: Why they are not there, in words.
    """

    source: Source
    offset: int
    length: int
    reason: str


@define
class Walk:
    """
    A position in a log.

    @ivar floor: What had been dropped when the walk began.
    @ivar offsets: For each source, the offset behind the last segment taken.
    @ivar sealed: Whether the seal was reached.
    @ivar time: The time of the frame last looked at.
    @ivar _ahead: Frames that were read and not yet taken, the next one last.
        At a floor, what was kept of lines that had begun before it comes as
        frames that are not in the index.
    @ivar _number: The frame behind those.
    @ivar _taken: Bytes of the next frame which were taken.
    """

    _files: LogFiles
    floor: Floor = GROUND
    offsets: Offsets = field(factory=lambda: dict.fromkeys(Source, 0))
    sealed: bool = False
    time: int = 0
    _ahead: list[Frame] = field(factory=list)
    _number: int = 0
    _taken: int = 0

    @classmethod
    def above(cls, files: LogFiles, floor: Floor) -> Walk:
        """
        Begin at a floor.
        """
        walk = cls(files, floor, time=floor.time)
        for source, mark in sorted(floor.marks.items(), reverse=True):
            walk.offsets[source] = mark.begun
            if rest := mark.offset - mark.begun:
                walk._ahead.append(Frame(floor.time, rest, source))
        walk._number = floor.frame
        return walk

    @property
    def frame(self) -> int:
        """
        The number of the frame that comes next.
        """
        return self._number - len(self._ahead)

    @property
    def amid(self) -> bool:
        """
        Whether a part of that frame was taken.
        """
        return self._taken > 0

    def overtaken(self, frame: int) -> bool:
        """
        Find out whether something was dropped that a walk has not passed.

        @param frame: The frame that it had come to.
        """
        floor = self._files.floor()
        return floor.frame > frame and floor != self.floor

    def peek(self, limit: int, wait: bool) -> Segment | None:
        """
        Look at what comes next, at most so many bytes of it; bytes that are
        missing come all at once.

        @return: C{None} if there is nothing yet, or never again.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.
        """
        if not self._ahead and not self._lookAhead(wait):
            return None
        frame = self._ahead[-1]
        self.time = frame.time
        if frame.kind == Kind.SEAL:
            self.sealed = True
            return None
        source = Source(frame.source)
        missing = frame.kind == Kind.GAP
        length = frame.length - self._taken
        if not missing:
            length = min(length, limit)
        return Segment(source, self.offsets[source], frame.time, length, missing)

    def take(self, segment: Segment) -> None:
        """
        Go behind a segment which was just looked at.
        """
        self.offsets[segment.source] += segment.length
        self._taken += segment.length
        if self._taken == self._ahead[-1].length:
            self._taken = 0
            self._ahead.pop()

    def skip(self, begin: Mapping[Source, int], wait: bool) -> None:
        """
        Go to the first byte that is not before an offset of its source.

        @param begin: Offsets; a source that is not in it is passed over.

        @raise BlockingIOError: If the disk would have to be waited for, or
            the way is long, and C{wait} is false.  The way gone so far need
            not be gone again.
        """
        patience = _PATIENCE
        while segment := self.peek(_UNBOUNDED, wait):
            unwanted = segment.length
            if segment.source in begin:
                unwanted = min(begin[segment.source] - segment.offset, unwanted)
            if unwanted <= 0:
                return
            self.take(evolve(segment, length=unwanted))
            patience -= 1
            if patience == 0 and not wait:
                raise BlockingIOError(errno.EAGAIN, "the way is long")

    def copy(self) -> Walk:
        """
        Make another walk that stands at the same place.
        """
        return Walk(
            self._files,
            self.floor,
            dict(self.offsets),
            self.sealed,
            self.time,
            list(self._ahead),
            self._number,
            self._taken,
        )

    def _lookAhead(self, wait: bool) -> bool:
        """
        Read the next frames.

        @return: Whether there were any.
        """
        frames = self._files.frames(self._number, wait)
        self._number += len(frames)
        frames.reverse()
        self._ahead = frames
        return bool(frames)
