"""
Real jobs for tests, and a look at what is left of them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any, cast
from uuid import uuid4

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.hosting.census import Entry, children, look
from jobworker.interfaces.launchers import IJobHandle
from jobworker.jobs import Command, Source, Status
from jobworker.launchers.plain import (
    IHostingReactor,
    PlainLauncher,
    makePlainLauncher,
)
from tests.creatures import OUTERMOST, TOKEN

hostingReactor = cast(IHostingReactor, reactor)

_launchers: list[PlainLauncher] = []
_guardians: list[int] = []


def theLauncher() -> PlainLauncher:
    """
    The launcher of this process, of which there is one.
    """
    if not _launchers:
        if OUTERMOST:
            _post()
        _launchers.append(makePlainLauncher(hostingReactor))
    return _launchers[0]


def _post() -> None:
    """
    Have a guardian, who sees by a pipe when this process is gone.
    """
    reader, _ = os.pipe2(os.O_CLOEXEC)
    path = os.path.join(os.path.dirname(__file__), "guardian.py")
    guardian = os.posix_spawn(
        sys.executable,
        [sys.executable, "-S", "-E", path, TOKEN],
        os.environ,
        file_actions=[(os.POSIX_SPAWN_DUP2, reader, 0)],
    )
    os.close(reader)
    _guardians.append(guardian)


def now() -> int:
    """
    Say what time it is.
    """
    return time.time_ns()


async def until(fact: Callable[[], Any], seconds: float = 20.0) -> Any:
    """
    Wait until something is so, for which there is no event.

    @return: What C{fact} returned then.
    """
    deadline = time.monotonic() + seconds
    while not (result := fact()):
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        await deferLater(hostingReactor, 0.005)
    return result


def living() -> int:
    """
    Count the descendants of this process that are alive.
    """
    return len([entry for entry in descendants() if not entry.dead])


def descendants() -> list[Entry]:
    """
    Find all that descends from this process, zombies among it, but for the
    guardian.
    """
    found: list[Entry] = []
    waiting = [pid for pid in children(os.getpid()) if pid not in _guardians]
    while waiting:
        entry = look(waiting.pop())
        if entry is not None:
            found.append(entry)
            waiting += children(entry.pid)
    return found


class HostTestCase(TestCase):
    """
    Tests that run commands and read what they write.
    """

    timeout = 60

    async def launch(
        self, program: str, *arguments: str, identifier: str | None = None
    ) -> tuple[IJobHandle, int]:
        """
        Launch a command that is swept at last.

        @return: It, and the reading end of the pipe that both its sources go
            to.
        """
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self.addCleanup(os.close, reader)
        try:
            handle = await theLauncher().launch(
                identifier or str(uuid4()),
                Command(program, arguments),
                dict.fromkeys(Source, writer),
            )
        finally:
            os.close(writer)
        self.addCleanup(handle.sweep)
        return handle, reader

    async def run_(self, program: str, *arguments: str) -> tuple[Status, bytes]:
        """
        Run a command to its end.

        @return: Its status and all that it wrote.
        """
        handle, reader = await self.launch(program, *arguments)
        output = await readAll(reader)
        return await handle.whenExited(), output


def readAll(descriptor: int) -> Deferred[bytes]:
    """
    Read a pipe to its end.
    """

    def read() -> bytes:
        pieces = iter(lambda: os.read(descriptor, 2**20), b"")
        return b"".join(pieces)

    return deferToThread(read)


def readLine(descriptor: int) -> Deferred[bytes]:
    """
    Read a line from a pipe, without its newline.
    """

    def read() -> bytes:
        pieces = iter(lambda: os.read(descriptor, 1), b"")
        line = b""
        for piece in pieces:
            if piece == b"\n":
                break
            line += piece
        return line

    return deferToThread(read)
