"""
What a process has, as proc(5) shows it: its environment and its pipes, by which it is
known whose it is.

All threads of a process share that.  A thread that is just ending shows nothing of
it, and neither does a process that is just executing a program.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

from ..specification import MARK
from .census import GONE, fieldsOf, read

# Bytes of an environment that are read.  Nobody can be given more; but a
# process can say that any part of its memory is its environment.
_ENVIRONMENT: Final = 8 * 2**20
# Threads that are looked at.
_THREADS: Final = 8
# Where C{/proc/PID/stat} says what kind of a process it is, behind its name, and
# where its environment ends, from the end.
_FLAGS: Final = 6
_ENVIRONMENT_END: Final = -2
# Of the flags: PF_KTHREAD, a thread of the kernel, which executes nothing.
_KERNEL_THREAD: Final = 0x200000


class Unsettled(OSError):
    """
    A process is just executing a program, and shows nothing of what it has
    until that is done.
    """


def mark(pid: int) -> str | None:
    """
    Find the job whose identifier is in the environment that the program of a
    process was started with.

    @return: C{None} if there is none, or it cannot be read.
    """
    try:
        said = (read(f"{view}/environ", _ENVIRONMENT) for view in _views(pid))
        environment = b"\0" + next(filter(None, said), b"")
    except PermissionError:
        return None
    _, found, rest = environment.partition(b"\0" + MARK.encode("ascii") + b"=")
    value = rest.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return value if found else None


def pipes(pid: int) -> set[str]:
    """
    Find the pipes that a process holds, as proc(5) names them.

    @return: Nothing if they cannot be seen.
    """
    held = set()
    for view in _views(pid):
        try:
            descriptors = os.listdir(f"{view}/fd")
            for descriptor in descriptors:
                with suppress(*GONE):
                    held.add(os.readlink(f"{view}/fd/{descriptor}"))
        except (*GONE, PermissionError):
            continue
        if descriptors:
            break
    return {each for each in held if each.startswith("pipe:")}


def requireSettled(pid: int) -> None:
    """
    Go on only if what a process shows of what it has is all there is.

    @raise Unsettled: If it is none of that yet.
    """
    try:
        views = [read(f"{view}/stat") for view in _views(pid)]
        # Of what nobody may look at, nothing can be told.
        os.close(os.open(f"/proc/{pid}/environ", os.O_RDONLY | os.O_CLOEXEC))
    except (*GONE, PermissionError):
        return
    if not any(_hasExecuted(stat) for stat in views if stat):
        raise Unsettled(f"process {pid} shows nothing yet")


def _hasExecuted(stat: bytes) -> bool:
    """
    Say whether a process has what its program was executed with.

    Where its environment ends is set last of all; and no process can set it to
    nothing.
    """
    fields = fieldsOf(stat)
    kernels = int(fields[_FLAGS]) & _KERNEL_THREAD
    return bool(kernels or int(fields[_ENVIRONMENT_END]))


def _views(pid: int) -> Iterator[str]:
    """
    Name the directories that show what a process has: its own, and those of
    some of its threads for one whose first thread has ended before others.
    """
    yield f"/proc/{pid}"
    with suppress(*GONE), os.scandir(f"/proc/{pid}/task") as threads:
        for thread in islice(threads, _THREADS):
            yield thread.path
