"""
Keeping a spool within its quota.

What is here does for the drain what a L{Spool} does, in the drain's thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol

from attrs import define, field

from twisted.logger import Logger

from ..errors import SpoolDamaged
from ..jobs import Source
from .numbering import MAX_LINE, Numbering
from .quota import Policy, Quota
from .spool import TRANSFER, Spool

# Room in the index for what is entered when the limit was reached, in bytes.
_RESERVED: Final = 2**11
# A log loses this part of its limit at once, but at most so many bytes.
_PART: Final = 8
_LARGEST: Final = 2**27
_NEVER: Final = 2**63


class Writer(Protocol):
    """
    What the drain moves output to.
    """

    @property
    def path(self) -> str:
        """
        The directory of the log.
        """

    def transfer(self, source: Source, pipe: int) -> int:
        """
        Move something out of a pipe: see L{Spool.transfer}.
        """

    def size(self, source: Source) -> int:
        """
        Count the bytes that have come of a source: see L{Spool.size}.
        """

    def seal(self) -> None:
        """
        Say that nothing comes any more: see L{Spool.seal}.
        """

    def close(self) -> None:
        """
        Let go of the files.
        """


@define(eq=False)
class Stopping:
    """
    A spool that takes nothing more when it has reached its limit.

    @ivar _reached: Called when that happens, once.
    @ivar _losing: Whether it has happened.
    """

    _spool: Spool
    _limit: int
    _reached: Callable[[], None]
    _losing: bool = field(default=False, init=False)

    log = Logger()

    @property
    def path(self) -> str:
        """
        The directory of the log.
        """
        return self._spool.path

    def transfer(self, source: Source, pipe: int) -> int:
        """
        Move something out of a pipe, to the spool or to nowhere.

        @raise BlockingIOError: If the pipe is empty.

        @raise OSError: If the disk refuses; the call can be repeated.
        """
        room = self._limit - self._spool.kept - _RESERVED
        if room > 0 and not self._losing:
            return self._spool.transfer(source, pipe, min(room, TRANSFER))
        lost = len(os.read(pipe, TRANSFER))
        if lost and not self._losing:
            self._losing = True
            self.log.warn(
                "{path} has reached its limit of {limit} bytes; what its job "
                "writes now is not kept",
                path=self.path,
                limit=self._limit,
            )
            self._reached()
        self._spool.lose(source, lost)
        return lost

    def size(self, source: Source) -> int:
        """
        Count what has come.
        """
        return self._spool.size(source)

    def seal(self) -> None:
        """
        Say that nothing comes any more.
        """
        self._spool.seal()

    def close(self) -> None:
        """
        Let go of the files.
        """
        self._spool.close()


@define(eq=False)
class Dropping:
    """
    A spool that loses its oldest part when it comes near to its limit.

    The lines of a part must be counted before it goes.  That is done little
    by little while the part after the next one is written, so that no other
    job has to wait for long.

    Where files cannot be shortened at their beginning, the newest output is
    lost instead.

    @ivar _step: How many bytes go at once, and how many may come at once.
    @ivar _place: How far lines have been counted.
    @ivar _budget: Bytes that may be counted before more is written.
    @ivar _stopping: What is done instead if nothing can be dropped.
    @ivar _able: Whether something can; C{None} if nobody has tried.
    """

    _spool: Spool
    _limit: int
    _step: int = field(init=False)
    _place: Numbering = field(init=False)
    _stopping: Stopping = field(init=False)
    _budget: int = field(default=0, init=False)
    _able: bool | None = field(default=None, init=False)

    log = Logger()

    def __attrs_post_init__(self) -> None:
        self._step = min(self._limit // _PART, _LARGEST)
        self._place = Numbering(self._spool.reader, dict.fromkeys(Source, 0))
        self._stopping = Stopping(self._spool, self._limit, lambda: None)

    @property
    def path(self) -> str:
        """
        The directory of the log.
        """
        return self._spool.path

    def transfer(self, source: Source, pipe: int) -> int:
        """
        Move something out of a pipe, when there is room for it.

        @raise BlockingIOError: If the pipe is empty.

        @raise OSError: If the disk refuses; the call can be repeated.
        """
        if self._spool.kept > self._limit - 2 * self._step and self._able is not False:
            self._makeRoom()
        if self._able is False:
            return self._stopping.transfer(source, pipe)
        moved = self._spool.transfer(source, pipe, min(self._step, TRANSFER))
        self._budget = 2 * moved + MAX_LINE
        return moved

    def size(self, source: Source) -> int:
        """
        Count what has come.
        """
        return self._spool.size(source)

    def seal(self) -> None:
        """
        Say that nothing comes any more.
        """
        self._spool.seal()

    def close(self) -> None:
        """
        Let go of the files.
        """
        self._spool.close()

    def _makeRoom(self) -> None:
        """
        Count some lines, or drop those that were counted.
        """
        if self._able is None:
            self._able = self._spool.canDrop()
            if not self._able:
                self.log.warn(
                    "the file system of {path} cannot free a part of a file; "
                    "the log will end at its limit",
                    path=self.path,
                )
                return
        try:
            self._count(self._budget)
            while self._spool.kept > self._limit - self._step:
                self._count(_NEVER)
                self._spool.drop(self._place.floor(self._spool.floor.sequence + 1))
        except SpoolDamaged:
            self._able = False
            self.log.failure("while dropping; the log will end at its limit")

    def _count(self, budget: int) -> None:
        """
        Count lines in what goes next, but only so many bytes, and to the end
        of a frame.
        """
        place = self._place
        while place.walk.amid or (budget > 0 and self._counted() < self._step):
            segment = place.peek(True)
            if segment is None:
                return
            place.go(segment, _NEVER, True)
            budget -= segment.length

    def _counted(self) -> int:
        """
        How many bytes would go now.
        """
        return self._spool.below(self._place.floor(0))


def limit(spool: Spool, quota: Quota, ended: Callable[[], None]) -> Writer:
    """
    Put a quota on a spool.

    @param ended: Called, in the thread of the drain, when the job is to be
        ended for what it wrote.
    """
    if not quota.limit:
        return spool
    match quota.policy:
        case Policy.DROP_OLDEST:
            return Dropping(spool, quota.limit)
        case Policy.STOP_WRITING:
            return Stopping(spool, quota.limit, lambda: None)
        case Policy.KILL_JOB:
            return Stopping(spool, quota.limit, ended)
