"""
The files that this process has open.
"""

from __future__ import annotations

import contextlib
import os


def openFiles() -> set[tuple[int, int, int]]:
    """
    Find the descriptors, and what each stands for.

    Others may be closed at any time, as those of what is collected as garbage:
    compare what is there then and was not there before.
    """
    found = set()
    for number in map(int, os.listdir("/proc/self/fd")):
        # The one that these were listed with is gone.
        with contextlib.suppress(OSError):
            file = os.fstat(number)
            found.add((number, file.st_dev, file.st_ino))
    return found
