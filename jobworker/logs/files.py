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

from attrs import define, field

from ..errors import SpoolDamaged
from ..jobs import Source
from .floors import GROUND, PLACES, BadFloor, Floor, decodeFloors
from .frames import HEADER, MAGIC, SIZE, BadFrame, Frame, Kind, decode, frameAt
from .layout import FILES, INDEX

_FRAMES_AT_ONCE: Final = 256
_ATTEMPTS: Final = 100
_HASHED_AT_ONCE: Final = 2**20
_CANNOT_TELL: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


@define
class LogFiles:
    """
    The open files of one log.

    @ivar _floor: The floor that was last found, and how it looked on disk.
    """

    path: str
    _index: int
    _files: dict[Source, int]
    _floor: tuple[bytes, Floor] = field(default=(bytes(PLACES), GROUND), init=False)

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
            if os.pread(opened[0], len(MAGIC), 0) != MAGIC:
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

    def sizes(self, wait: bool = True) -> dict[Source, int]:
        """
        Count the bytes that have come of each source, whether they were kept
        or not, and whether or not the index knows of them yet.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.

        @raise SpoolDamaged: If the index is not what was written.
        """
        # Behind bytes that were not kept there are no others.
        length = os.fstat(self._index).st_size - len(HEADER)
        last = max(length // SIZE - _FRAMES_AT_ONCE, 0)
        sizes = {s: os.fstat(file).st_size for s, file in self._files.items()}
        for frame in self._framesAbove(last, wait):
            if frame.kind == Kind.GAP:
                sizes[Source(frame.source)] += frame.length
        return sizes

    def _framesAbove(self, number: int, wait: bool) -> list[Frame]:
        """
        Read some frames, but none that was dropped.
        """
        while True:
            floor = self.floor()
            try:
                return self.frames(max(number, floor.frame), wait)
            except SpoolDamaged:
                # Perhaps they have just been dropped.
                if self.floor() == floor:
                    raise

    def floor(self) -> Floor:
        """
        Look up what was dropped.

        Whoever reads anything of a log must look here B{afterwards}: only what
        is not below the floor then was what it seemed to be.  The floor is on
        a page that every reader reads, so that the disk need not be waited
        for.

        @raise SpoolDamaged: If that cannot be known.
        """
        for _ in range(_ATTEMPTS):
            places = os.pread(self._index, PLACES, len(MAGIC))
            known, floor = self._floor
            if places == known:
                return floor
            try:
                floor = decodeFloors(places)
                self._floor = (places, floor)
                return floor
            except BadFloor as error:
                # Perhaps it was just being written.
                bad = error
        path = os.path.join(self.path, INDEX)
        raise SpoolDamaged(path, f"what was dropped cannot be told: {bad}") from bad

    def frames(self, number: int, wait: bool = True) -> list[Frame]:
        """
        Read some frames.

        @param number: The first one wanted, counted from 0.

        @return: At least one, unless there are no more.

        @raise BlockingIOError: If the disk would have to be waited for and
            C{wait} is false.

        @raise SpoolDamaged: If a frame is not what was written.
        """
        block = _read(self._index, frameAt(number), _FRAMES_AT_ONCE * SIZE, wait)
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

    def feed(self, digest: blake2b, source: Source, begin: int, end: int) -> bool:
        """
        Add to a digest what was kept of a part of a source, of which every
        byte has come.

        This may take long: about a second for a gigabyte.

        @return: Whether nothing of it was dropped since.  If something was,
            the digest is of no use.

        @raise SpoolDamaged: If the log is not what was written.
        """
        last = min(end, os.fstat(self._files[source]).st_size)
        for offset in range(begin, last, _HASHED_AT_ONCE):
            length = min(_HASHED_AT_ONCE, last - offset)
            data = self.read(source, offset, length)
            if self.floor().marks[source].begun > offset:
                return False
            digest.update(data)
        return begin >= last or self.floor().marks[source].begun <= begin


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
