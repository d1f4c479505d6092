"""
The writing end of one job's log on disk.

A spool is written by one thread at a time and knows nothing of threads, of the
reactor, or of lines.  Every method may wait for the disk.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from time import time_ns
from typing import Final

from attrs import define, field

from ..errors import SpoolDamaged
from ..jobs import Source
from .frames import HEADER, MAX_LENGTH, SIZE, BadFrame, Frame, Kind, decode, encode
from .layout import FILES, INDEX

# The most that one call moves: the size of the pipes.
TRANSFER: Final = 2**20

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


@define
class Spool:
    """
    The files of one log, open for writing.

    Bytes go to their file first and are entered in the index after that.  If
    the index cannot be written, the entry is kept and written before anything
    else is.

    @ivar _sizes: Bytes of each source that the index knows, or will know when
        C{_unwritten} is written.
    @ivar _end: Where the next frame belongs in the index.
    """

    path: str
    _index: int
    _files: dict[Source, int]
    _now: Callable[[], int]
    _sizes: dict[Source, int] = field(init=False)
    _end: int = len(HEADER)
    _unwritten: Frame | None = None
    _sealed: bool = False

    def __attrs_post_init__(self) -> None:
        self._sizes = dict.fromkeys(self._files, 0)

    def transfer(self, source: Source, pipe: int) -> int:
        """
        Move what a pipe holds, but at most L{TRANSFER} bytes, to the end of a
        source.

        @param pipe: A non-blocking descriptor.

        @return: The number of bytes; 0 at the end of the pipe.

        @raise BlockingIOError: If the pipe is empty.

        @raise OSError: If the disk does not take it; nothing is lost, and the
            call can be repeated.
        """
        self.flush()
        moved = os.splice(
            pipe, self._files[source], TRANSFER, offset_dst=self._sizes[source]
        )
        if moved:
            self._enter(source, moved)
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
            self._enter(source, len(data))

    def size(self, source: Source) -> int:
        """
        Count the bytes of a source that need not be written again.
        """
        return self._sizes[source]

    def seal(self) -> None:
        """
        Say that nothing comes any more.

        @raise OSError: If the disk does not take it; the call can be repeated.
        """
        self.flush()
        if not self._sealed:
            self._sealed = True
            self._unwritten = Frame(self._now(), 0, 0, Kind.SEAL)
        self.flush()

    def recover(self) -> bool:
        """
        Pick up what an earlier writer left, and seal it.

        @return: C{False} if it was sealed already.

        @raise SpoolDamaged: If the index is not one of ours.
        """
        if self._readIndex():
            return False
        os.ftruncate(self._index, self._end)
        for source, descriptor in self._files.items():
            rest = os.fstat(descriptor).st_size - self._sizes[source]
            while rest:
                length = min(rest, MAX_LENGTH)
                self._enter(source, length)
                rest -= length
        self.seal()
        return True

    def close(self) -> None:
        """
        Let go of the files.
        """
        for descriptor in (self._index, *self._files.values()):
            os.close(descriptor)

    def _readIndex(self) -> bool:
        """
        Take over the frames that can be believed.

        @return: Whether the last of them is a seal.
        """
        header = os.pread(self._index, len(HEADER), 0)
        if not HEADER.startswith(header):
            raise SpoolDamaged(os.path.join(self.path, INDEX), "it has another header")
        _writeHeader(self._index)
        there = {s: os.fstat(f).st_size for s, f in self._files.items()}
        while block := os.pread(self._index, 4096 * SIZE, self._end):
            before = self._end
            with suppress(BadFrame):
                for frame in decode(block):
                    if frame.kind == Kind.SEAL:
                        return True
                    source = Source(frame.source)
                    if self._sizes[source] + frame.length > there[source]:
                        return False
                    self._sizes[source] += frame.length
                    self._end += SIZE
            if self._end < before + len(block):
                break
        return False

    def _enter(self, source: Source, length: int) -> None:
        """
        Enter bytes which are in their file in the index.
        """
        self._sizes[source] += length
        self._unwritten = Frame(self._now(), length, source)
        self.flush()

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
        opened = _openFiles(path, _FLAGS | os.O_EXCL)
    except OSError:
        removeSpool(path)
        raise
    spool = Spool(path, opened[0], dict(zip(FILES, opened[1:], strict=True)), now)
    try:
        _writeHeader(opened[0])
    except OSError:
        spool.close()
        removeSpool(path)
        raise
    return spool


def removeSpool(path: str) -> None:
    """
    Delete a log which nobody writes.  It need not be whole, or be there.
    """
    for name in (INDEX, *FILES.values()):
        try:
            os.unlink(os.path.join(path, name))
        except FileNotFoundError:
            continue
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return


def recoverSpool(path: str, now: Callable[[], int] = time_ns) -> bool:
    """
    Seal, at what was written, a log whose writer has died.

    What the index does not know of is entered, standard output first.  An
    index that claims bytes which are not there, or that cannot be read from
    some frame on, is cut there: such a thing takes a crash of the machine.

    @return: Whether there was anything to do.

    @raise FileNotFoundError: If there is no log at all.

    @raise SpoolDamaged: If the index is not one of ours.
    """
    os.stat(path)
    opened = _openFiles(path, _FLAGS)
    spool = Spool(path, opened[0], dict(zip(FILES, opened[1:], strict=True)), now)
    try:
        return spool.recover()
    finally:
        spool.close()


def _openFiles(path: str, flags: int) -> list[int]:
    """
    Open the files of a log, the index first: all or none.
    """
    opened: list[int] = []
    try:
        for name in (INDEX, *FILES.values()):
            opened.append(os.open(os.path.join(path, name), flags, 0o640))
    except OSError:
        for descriptor in opened:
            os.close(descriptor)
        raise
    return opened


def _writeHeader(index: int) -> None:
    """
    Begin an index.

    @raise OSError: If the disk does not take it.
    """
    if os.pwrite(index, HEADER, 0) != len(HEADER):
        raise OSError(errno.ENOSPC, "the index took only a part of its header")
