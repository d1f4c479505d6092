"""
The files of one log, opened for reading.

Nothing here knows whether the log is still being written: a reader sees what
the index says at the moment it looks.  Any thread may read.
"""

from __future__ import annotations

import errno
import os
from hashlib import blake2b
from typing import Final

from attrs import define

from ..errors import SpoolDamaged
from ..jobs import Source
from .frames import HEADER, SIZE, BadFrame, Frame, decode
from .layout import FILES, INDEX

_FRAMES_AT_ONCE: Final = 256
_HASHED_AT_ONCE: Final = 2**20
_CANNOT_TELL: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


@define
class LogFiles:
    """
    The open files of one log.
    """

    path: str
    _index: int
    _files: dict[Source, int]

    @classmethod
    def open(cls, path: str) -> LogFiles:
        """
        Open a log for reading.

        @raise FileNotFoundError: If there is none.

        @raise SpoolDamaged: If it is not one of ours.
        """
        opened: list[int] = []
        try:
            for name in (INDEX, *FILES.values()):
                full = os.path.join(path, name)
                opened.append(os.open(full, os.O_RDONLY | os.O_CLOEXEC))
            if os.pread(opened[0], len(HEADER), 0) != HEADER:
                raise SpoolDamaged(os.path.join(path, INDEX), "it has another header")
        except BaseException:
            for descriptor in opened:
                os.close(descriptor)
            raise
        return cls(path, opened[0], dict(zip(FILES, opened[1:], strict=True)))

    def close(self) -> None:
        """
        Let go of the files.
        """
        for descriptor in (self._index, *self._files.values()):
            os.close(descriptor)

    def size(self, source: Source) -> int:
        """
        Count the bytes that are on disk, whether the index knows them yet or
        not.
        """
        return os.fstat(self._files[source]).st_size

    def frames(self, number: int, wait: bool = True) -> list[Frame]:
        """
        Read some frames.

        @param number: The first one wanted, counted from 0.

        @return: At least one, unless there are no more.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.

        @raise SpoolDamaged: If a frame is not what was written.
        """
        start = len(HEADER) + number * SIZE
        block = _read(self._index, start, _FRAMES_AT_ONCE * SIZE, wait)
        frames: list[Frame] = []
        try:
            frames.extend(decode(block))
        except BadFrame as bad:
            path = os.path.join(self.path, INDEX)
            raise SpoolDamaged(path, f"after frame {number}: {bad}") from bad
        return frames

    def read(
        self, source: Source, offset: int, length: int, wait: bool = True
    ) -> bytes:
        """
        Read bytes that the index says are there.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.

        @raise SpoolDamaged: If they are not there.
        """
        data = _read(self._files[source], offset, length, wait)
        while len(data) < length:
            more = _read(
                self._files[source], offset + len(data), length - len(data), wait
            )
            if not more:
                path = os.path.join(self.path, FILES[source])
                raise SpoolDamaged(path, f"it ends at byte {offset + len(data)}")
            data += more
        return data

    def digest(self, source: Source, begin: int, end: int) -> bytes:
        """
        Compute the BLAKE2b digest, 64 bytes, of a part of a source.

        This may take long: about a second for a gigabyte.
        """
        state = blake2b()
        for offset in range(begin, end, _HASHED_AT_ONCE):
            length = min(_HASHED_AT_ONCE, end - offset)
            state.update(self.read(source, offset, length))
        return state.digest()


def _read(descriptor: int, offset: int, length: int, wait: bool) -> bytes:
    """
    Read what is there, up to a length.

    @raise BlockingIOError: If nothing of it is in memory and C{wait} is false.
    """
    if wait:
        return os.pread(descriptor, length, offset)
    buffer = bytearray(length)
    try:
        count = os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno in _CANNOT_TELL:
            raise BlockingIOError(errno.EAGAIN, "the file cannot tell") from error
        raise
    return bytes(memoryview(buffer)[:count])
