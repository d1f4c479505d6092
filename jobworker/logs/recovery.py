"""
Picking up what a writer that died has left of a log.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from time import time_ns

from attrs import define

from ..errors import SpoolDamaged
from ..jobs import Source
from .files import LogFiles
from .floors import GROUND, Floor
from .frames import (
    HEADER,
    MAGIC,
    MAX_LENGTH,
    SIZE,
    BadFrame,
    Frame,
    Kind,
    decode,
    frameAt,
)
from .layout import FILES, INDEX, openFiles, writeHeader
from .spool import BLOCK, Spool


@define
class _Remains:
    """
    What an index says that can be believed.

    @ivar there: The bytes in each file.
    @ivar sizes: The bytes that have come of each source.
    @ivar lost: Those of them that were not kept.
    @ivar end: Where the next frame belongs.
    @ivar sealed: Whether there is none.
    """

    there: Mapping[Source, int]
    sizes: dict[Source, int]
    lost: dict[Source, int]
    end: int
    sealed: bool = False

    def believe(self, frame: Frame) -> bool:
        """
        Go over one more frame.

        @return: Whether it can be believed and is not the last.
        """
        if frame.kind == Kind.SEAL:
            self.sealed = True
            return False
        source = Source(frame.source)
        if frame.kind == Kind.GAP:
            self.lost[source] += frame.length
        elif self.sizes[source] + frame.length > self.there[source]:
            return False
        self.sizes[source] += frame.length
        self.end += SIZE
        return True


def recoverSpool(path: str, now: Callable[[], int] = time_ns) -> bool:
    """
    Seal, at what was written, a log whose writer has died.

    What the index does not know of is entered, standard output first.  An
    index that claims bytes which are not there, or that cannot be read from
    some frame on, is cut there: such a thing takes a crash of the machine.

    @return: Whether there was anything to do.

    @raise FileNotFoundError: If there is no log at all.

    @raise SpoolDamaged: If the index is not one of ours, or if it cannot be
        told what was dropped.
    """
    os.stat(path)
    opened = openFiles(path)
    try:
        return _recover(path, opened[0], dict(zip(FILES, opened[1:], strict=True)), now)
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _recover(
    path: str, index: int, files: dict[Source, int], now: Callable[[], int]
) -> bool:
    """
    Seal an open log.
    """
    there = {source: os.fstat(file).st_size for source, file in files.items()}
    floor = _readHeader(path, index, files)
    for source, mark in floor.marks.items():
        if there[source] < mark.offset:
            name = os.path.join(path, FILES[source])
            raise SpoolDamaged(name, f"it ends before byte {mark.offset}")
    sizes = {source: mark.offset for source, mark in floor.marks.items()}
    remains = _Remains(there, sizes, dict.fromkeys(files, 0), frameAt(floor.frame))
    _readFrames(index, remains)
    if remains.end == frameAt(floor.frame) and any(
        _hasHole(file, floor.marks[source].begun) for source, file in files.items()
    ):
        name = os.path.join(path, INDEX)
        raise SpoolDamaged(name, "it does not say what was dropped last")
    spool = Spool(path, index, files, now, floor, sizes, remains.lost, remains.end)
    # Its writer may have died before it had given everything back.  If that
    # cannot be done now, it wastes some space and does no harm.
    with suppress(OSError):
        spool.punch(GROUND, floor)
    if remains.sealed:
        return False
    os.ftruncate(index, remains.end)
    for source in files:
        while (rest := there[source] - spool.size(source)) > 0:
            spool.enter(source, min(rest, MAX_LENGTH))
    spool.seal()
    return True


def _readHeader(path: str, index: int, files: Mapping[Source, int]) -> Floor:
    """
    Read the floor, or begin the index if there was not even a header.
    """
    header = os.pread(index, len(HEADER), 0)
    name = os.path.join(path, INDEX)
    if not MAGIC.startswith(header[: len(MAGIC)]):
        raise SpoolDamaged(name, "it has another header")
    if len(header) < len(HEADER):
        writeHeader(index)
    return LogFiles(path, index, dict(files)).floor()


def _readFrames(index: int, remains: _Remains) -> None:
    """
    Go over the frames that can be believed.
    """
    while block := os.pread(index, 4096 * SIZE, remains.end):
        whole = remains.end + len(block)
        with suppress(BadFrame):
            for frame in decode(block):
                if not remains.believe(frame):
                    return
        if remains.end < whole:
            return


def _hasHole(descriptor: int, begin: int) -> bool:
    """
    Say whether parts of a file from an offset on were never written, or were
    given back.
    """
    begin += -begin % BLOCK
    size = os.fstat(descriptor).st_size
    return begin < size and os.lseek(descriptor, begin, os.SEEK_HOLE) < size
