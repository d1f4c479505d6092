"""
Giving back to the file system the beginning of a file, whose other bytes stay
where they are.
"""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Final

# linux/falloc.h
_KEEP_SIZE: Final = 1
_PUNCH_HOLE: Final = 2

# What is said where it cannot be done: fallocate(2).
_UNABLE: Final = {errno.EOPNOTSUPP, errno.ENOSYS, errno.ENODEV}

_libc: Final = ctypes.CDLL(None, use_errno=True)
# off_t has 64 bits in the one, and may have 32 in the other.
_fallocate: Final = getattr(_libc, "fallocate64", _libc.fallocate)
_fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]


def punch(descriptor: int, begin: int, end: int) -> None:
    """
    Give back the bytes between two offsets, which then read as zeros.

    Blocks of the file system that are not wholly between the two stay
    allocated, and are zeros there.

    @raise OSError: If it cannot be done.
    """
    if begin >= end:
        return
    if _fallocate(descriptor, _KEEP_SIZE | _PUNCH_HOLE, begin, end - begin):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def canPunch(descriptor: int) -> bool:
    """
    Find out whether the file system of a file can do that, without doing it.

    @raise OSError: If it could not be found out.
    """
    end = os.fstat(descriptor).st_size
    # Behind the end of a file there is nothing to be lost.
    try:
        punch(descriptor, end + 2**20, end + 2**21)
    except OSError as error:
        if error.errno in _UNABLE:
            return False
        raise
    return True
