"""
Where the files of a log are.
"""

from __future__ import annotations

import errno
import os
from typing import Final

from ..jobs import Source
from .frames import HEADER

INDEX: Final = "index"
FILES: Final = {Source.STDOUT: "stdout", Source.STDERR: "stderr"}

_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


def logPath(directory: str, identifier: str) -> str:
    """
    Name the directory of a job's log.

    @param directory: Where all logs are.

    @param identifier: A UUID in canonical form; nothing else, because it
        becomes part of a path.
    """
    return os.path.join(directory, identifier[:2], identifier)


def openFiles(path: str, flags: int = 0) -> list[int]:
    """
    Open the files of a log for writing, or make them: all or none.

    @param flags: How else to open them: see open(2).

    @return: Their descriptors, the index first.
    """
    opened: list[int] = []
    try:
        for name in (INDEX, *FILES.values()):
            opened.append(os.open(os.path.join(path, name), _FLAGS | flags, 0o640))
    except OSError:
        for descriptor in opened:
            os.close(descriptor)
        raise
    return opened


def writeHeader(index: int) -> None:
    """
    Begin an index.

    @raise OSError: If the disk does not take it.
    """
    if os.pwrite(index, HEADER, 0) != len(HEADER):
        raise OSError(errno.ENOSPC, "the index took only a part of its header")


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


def sizeOnDisk(path: str) -> int:
    """
    Measure what the files of a log take: bytes, without what was given back.

    @raise FileNotFoundError: If they are not all there.
    """
    names = (INDEX, *FILES.values())
    # The unit is that of stat(2), whatever the file system's is.
    return sum(os.stat(os.path.join(path, name)).st_blocks * 512 for name in names)
