"""
Looking at processes through proc(5), and signalling exactly those that were
looked at.

A process that has vanished is C{None} or left out; any other trouble with
reading is an L{OSError}, so that nobody takes "I cannot see" for "nothing is
there".
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

from attrs import frozen

from ..jobs import ProcessIdentity

#: How it is said that a process has vanished.
GONE: Final = (FileNotFoundError, ProcessLookupError)
# Bytes that are read at first; then it is as many as there are already.
_PIECE: Final = 65536
# Of prctl(2).
_SET_CHILD_SUBREAPER: Final = 36


@frozen
class Entry:
    """
    A process at one moment.

    @ivar start: When it was started, in clock ticks after boot.
    @ivar state: One letter, of its first thread: C{Z} is a zombie, C{T} is
        stopped.
    @ivar threads: How many it has, the first among them though it be dead.
    """

    pid: int
    parent: int
    group: int
    session: int
    start: int
    state: str
    threads: int = 1

    @property
    def dead(self) -> bool:
        """
        Whether nothing of it can run any more.
        """
        return self.state in "ZX" and self.threads <= 1


def fieldsOf(stat: bytes) -> list[bytes]:
    """
    Find what C{/proc/PID/stat} says behind the name of the program.

    The name is in parentheses, and may hold parentheses, blanks and newlines
    itself.
    """
    return stat[stat.rindex(b")") + 2 :].split()


def parse(stat: bytes) -> Entry:
    """
    Understand what C{/proc/PID/stat} says.
    """
    pid, fields = stat[: stat.index(b" ")], fieldsOf(stat)
    return Entry(
        pid=int(pid),
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        start=int(fields[19]),
        state=fields[0].decode("ascii"),
        threads=int(fields[17]),
    )


def look(pid: int) -> Entry | None:
    """
    Look at one process.
    """
    stat = read(f"/proc/{pid}/stat")
    return parse(stat) if stat else None


def everybody() -> list[int]:
    """
    Find the numbers of all processes of the host.
    """
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def children(pid: int) -> list[int]:
    """
    Find the children of a process.
    """
    if not _listsChildren():
        everyone = filter(None, map(look, everybody()))
        return [entry.pid for entry in everyone if entry.parent == pid]
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except GONE:
        return []
    return [
        int(child)
        for task in tasks
        for child in read(f"/proc/{pid}/task/{task}/children").split()
    ]


def adopted() -> list[int]:
    """
    Find the children of this process's first thread: its own, and all whose
    parents have died, since the kernel gives orphans to the first thread.
    """
    if not _listsChildren():
        return children(os.getpid())
    own = os.getpid()
    return [int(child) for child in read(f"/proc/{own}/task/{own}/children").split()]


@cache
def boot() -> str:
    """
    Say which boot of the machine this is.
    """
    return read("/proc/sys/kernel/random/boot_id").decode("ascii").strip()


def identify(pid: int) -> ProcessIdentity:
    """
    Tell a process from all others.

    @raise ProcessLookupError: If it does not exist.
    """
    entry = look(pid)
    if entry is None:
        raise ProcessLookupError(f"there is no process {pid}")
    return ProcessIdentity(pid, entry.start, boot())


def deliver(number: int, pid: int, start: int) -> bool:
    """
    Send a signal to a process if it is still the one that was meant.

    @return: Whether it got it.
    """
    try:
        with _reference(pid) as reference:
            # Who has the number now keeps it while the reference lasts, or
            # the signal goes nowhere.
            entry = look(pid)
            if entry is None or entry.start != start:
                return False
            signal.pidfd_send_signal(reference, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def adoptOrphans() -> None:
    """
    Make this process the parent of whatever descends from it and has lost its
    own, see PR_SET_CHILD_SUBREAPER in prctl(2).
    """
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _reference(pid: int) -> Iterator[int]:
    """
    Hold on to a process.
    """
    reference = os.pidfd_open(pid)
    try:
        yield reference
    finally:
        os.close(reference)


@cache
def _listsChildren() -> bool:
    """
    Whether this kernel was built to list the children of a process.
    """
    return os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def read(path: str, most: int = sys.maxsize) -> bytes:
    """
    Read what the kernel says, which is nothing if the process has vanished.

    This is done for every process that is looked at, and Python's files take
    twice as many system calls.

    @param most: About the most bytes wanted.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except GONE:
        return b""
    try:
        said = piece = os.read(descriptor, _PIECE)
        while piece and len(said) < most:
            piece = os.read(descriptor, max(_PIECE, len(said)))
            said += piece
        return said
    except GONE:
        return b""
    finally:
        os.close(descriptor)
