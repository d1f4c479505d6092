"""
The writing end of one job's log on disk.

A spool is written by one thread at a time and knows nothing of threads, of the
reactor, or of lines.  Every method may wait for the disk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from time import time_ns
from typing import Final

from attrs import define, field

from ..crashing import crashPoint
from ..jobs import Source
from .files import LogFiles
from .floors import GROUND, Floor, encodeFloor, placeOf
from .frames import (
    HEADER,
    MAGIC,
    MAX_LENGTH,
    SIZE,
    Frame,
    Kind,
    encode,
    frameAt,
)
from .layout import FILES, openFiles, removeSpool, writeHeader
from .punching import canPunch, punch

# The most that one call moves: the size of the pipes.
TRANSFER: Final = 2**20

# What file systems allocate at once, or a divisor of it.
BLOCK: Final = 4096


def _zeros() -> dict[Source, int]:
    return dict.fromkeys(Source, 0)


@define
class Spool:
    """
    The files of one log, open for writing.

    Bytes go to their file first and are entered in the index after that.  If
    the index cannot be written, the entry is kept and written before anything
    else is.

    @ivar floor: What was dropped.
    @ivar _sizes: Bytes of each source that the index knows, or will know when
        C{_unwritten} is written.
    @ivar _lost: Bytes of each source that were not kept and that the index
        knows of.
    @ivar _punched: Up to where the disk space was given back.
    @ivar _losing: Bytes of each source that were not kept and that the index
        does not know of.
    @ivar _end: Where the next frame belongs in the index.
    """

    path: str
    _index: int
    _files: dict[Source, int]
    _now: Callable[[], int]
    floor: Floor = GROUND
    _sizes: dict[Source, int] = field(factory=_zeros)
    _lost: dict[Source, int] = field(factory=_zeros)
    _end: int = len(HEADER)
    _punched: Floor = field(default=GROUND, init=False)
    _losing: dict[Source, int] = field(factory=_zeros, init=False)
    _unwritten: Frame | None = field(default=None, init=False)
    _sealed: bool = field(default=False, init=False)

    @property
    def reader(self) -> LogFiles:
        """
        The same files for reading.  They stay the spool's.
        """
        return LogFiles(self.path, self._index, self._files)

    @property
    def kept(self) -> int:
        """
        The bytes that the log takes on disk, to a block or so.
        """
        sizes, lost = self._sizes.values(), self._lost.values()
        return sum(sizes) - sum(lost) + self._end - _below(self.floor)

    def below(self, floor: Floor) -> int:
        """
        Count the bytes that drop with a floor and did not drop before.
        """
        return _below(floor) - _below(self.floor)

    def transfer(self, source: Source, pipe: int, most: int = TRANSFER) -> int:
        """
        Move what a pipe holds to the end of a source.

        @param pipe: A non-blocking descriptor.

        @param most: The most bytes to move.

        @return: The number of bytes; 0 at the end of the pipe.

        @raise BlockingIOError: If the pipe is empty.

        @raise OSError: If the disk does not take it; nothing is lost, and the
            call can be repeated.
        """
        self.flush()
        moved = os.splice(
            pipe, self._files[source], most, offset_dst=self._sizes[source]
        )
        if moved:
            crashPoint("spool-moved")
            self.enter(source, moved)
        return moved

    def append(self, source: Source, data: bytes) -> None:
        """
        Add bytes to the end of a source.

        @raise OSError: If the disk does not take them all; those it took are
            not entered, so that the call can be repeated.
        """
        self.flush()
        done = 0
        while done < len(data):
            done += os.pwrite(
                self._files[source], data[done:], self._sizes[source] + done
            )
        if data:
            self.enter(source, len(data))

    def size(self, source: Source) -> int:
        """
        Count the bytes of a source that need not be written again.
        """
        return self._sizes[source]

    def lose(self, source: Source, length: int) -> None:
        """
        Say that bytes of a source came and were not kept.  After that nothing
        of this source can be kept.

        The index hears of the first ones, of each doubling, and of all of them
        before the seal.

        @raise OSError: If the disk does not take it.  The call must B{not} be
            repeated.
        """
        self._losing[source] += length
        if self._losing[source] >= self._lost[source]:
            self.flush()
            self._enterLoss(source)

    def drop(self, floor: Floor) -> None:
        """
        Give back the disk space of everything before a floor.

        The floor is on disk for good before that: who dies in between leaves
        bytes that nobody reads.

        @raise OSError: If that is refused.  If space could not be given back,
            it will be with the next floor.
        """
        self.flush()
        place = encodeFloor(floor)
        if os.pwrite(self._index, place, len(MAGIC) + placeOf(floor)) != len(place):
            raise OSError(errno.ENOSPC, "the index took only a part of a floor")
        os.fdatasync(self._index)
        self.floor = floor
        self.punch(self._punched, floor)
        self._punched = floor

    def canDrop(self) -> bool:
        """
        Find out whether the file system can give back parts of files.

        @raise OSError: If it could not be found out.
        """
        return canPunch(self._index)

    def seal(self) -> None:
        """
        Say that nothing comes any more.

        @raise OSError: If the disk does not take it; the call can be repeated.
        """
        self.flush()
        for source in self._files:
            self._enterLoss(source)
        if not self._sealed:
            self._sealed = True
            self._unwritten = Frame(self._now(), 0, 0, Kind.SEAL)
            crashPoint("spool-seal")
        self.flush()

    def close(self) -> None:
        """
        Let go of the files.
        """
        for descriptor in (self._index, *self._files.values()):
            os.close(descriptor)

    def enter(self, source: Source, length: int) -> None:
        """
        Enter bytes which are in their file in the index.

        @raise OSError: If the disk does not take it; L{flush} can be repeated.
        """
        self._sizes[source] += length
        self._unwritten = Frame(self._now(), length, source)
        self.flush()

    def _enterLoss(self, source: Source) -> None:
        """
        Enter bytes which were not kept in the index.
        """
        while losing := min(self._losing[source], MAX_LENGTH):
            self._losing[source] -= losing
            self._lost[source] += losing
            self._sizes[source] += losing
            self._unwritten = Frame(self._now(), losing, source, Kind.GAP)
            self.flush()

    def punch(self, before: Floor, floor: Floor) -> None:
        """
        Give back the disk space between two floors.
        """
        for source, descriptor in self._files.items():
            begin = _blocks(before.marks[source].begun)
            punch(descriptor, begin, _blocks(floor.marks[source].begun))
        # Not only whole blocks: were the floor to be lost, nobody must take
        # the frames below it for the beginning of the log.
        begin = max(_blocks(frameAt(before.frame)), len(HEADER))
        punch(self._index, begin, frameAt(floor.frame))

    def flush(self) -> None:
        """
        Write the frame that is due, if there is one.

        @raise OSError: If the disk does not take it; the call can be repeated.
        """
        if self._unwritten is None:
            return
        block = encode(self._unwritten)
        if os.pwrite(self._index, block, self._end) != SIZE:
            raise OSError(errno.ENOSPC, "the index took only a part of a frame")
        self._end += SIZE
        self._unwritten = None


def createSpool(path: str, now: Callable[[], int] = time_ns) -> Spool:
    """
    Begin a new log.

    @param path: The directory to make for it.  The group of the one above it
        may read it, and whether that lets anybody in is decided there.

    @param now: The clock: nanoseconds since the epoch.

    @raise OSError: If the disk refuses; what was made is removed.
    """
    os.makedirs(path, mode=0o750)
    try:
        opened = openFiles(path, os.O_EXCL)
    except OSError:
        removeSpool(path)
        raise
    spool = Spool(path, opened[0], dict(zip(FILES, opened[1:], strict=True)), now)
    try:
        writeHeader(opened[0])
    except OSError:
        spool.close()
        removeSpool(path)
        raise
    return spool


def _below(floor: Floor) -> int:
    """
    Count the bytes of all files that are below a floor.
    """
    return floor.frame * SIZE + sum(mark.begun for mark in floor.marks.values())


def _blocks(offset: int) -> int:
    """
    Go down to where a block begins.
    """
    return offset - offset % BLOCK
