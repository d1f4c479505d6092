"""
Logs are read so that the loop waits for no disk.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jobworker.jobs import Source
from jobworker.logs.reading import Library, LogFiles
from jobworker.rpc.desks import Desk
from jobworker.rpc.failures import TooMany
from tests.streams import HeldExecutor, StreamTestCase


class Sluggish:
    """
    A cursor whose disk is slow.
    """

    def read(self, limit: int, wait: bool = True) -> list[str]:
        """
        Read only for who waits.
        """
        if not wait:
            raise BlockingIOError
        return ["read"]


class Broken(Library):
    """
    A library that can open nothing.
    """

    def __init__(self, directory: str, number: int) -> None:
        super().__init__(directory)
        self.number = number

    @contextmanager
    def borrow(self, identifier: str) -> Iterator[LogFiles]:
        """
        Fail.
        """
        raise OSError(self.number, "broken")
        yield


class DeskTests(StreamTestCase):
    """
    The loop waits for no disk.
    """

    def desk(self, body: Callable[[Desk], Any], subject: str = "alice") -> Any:
        """
        Read a log.
        """
        record, _ = self.job()

        async def reading() -> Any:
            async with self.room.desk(record.identifier, subject) as desk:
                self.files = desk.files
                return await body(desk)

        return reading()

    def test_inThread(self) -> None:
        """
        What is not in memory is read in another thread.
        """
        held = self.room._threads = HeldExecutor()
        task = self.begin(self.desk(lambda desk: desk.read(Sluggish(), 1)))
        self.until(lambda: bool(held.held))
        self.assertFalse(task.done())
        held.held.pop()()
        self.assertEqual(self.end(task), ["read"])

    def test_shares(self) -> None:
        """
        Whoever has much to read that takes long keeps nobody else out, and
        has no more of the threads for leaving again and again.
        """
        held = self.room._threads = HeldExecutor()

        def begin(subject: str) -> asyncio.Task[Any]:
            return self.begin(self.desk(lambda desk: desk.read(Sluggish(), 1), subject))

        crowd = [begin("alice") for _ in range(5)]
        self.until(lambda: len(held.held) == 2)
        for task in crowd[:4]:
            task.cancel()
        self.turn()
        bob = begin("bob")
        self.until(lambda: len(held.held) == 3)
        held.held.pop()()
        self.assertEqual(self.end(bob), ["read"])
        self.assertEqual(len(held.held), 2)
        held.held.pop()()
        self.until(lambda: len(held.held) == 2)
        held.held.pop()()
        self.assertEqual(self.end(crowd[4]), ["read"])
        held.held.pop()()
        self.until(self.closed)

    def test_leaves(self) -> None:
        """
        Files are not closed while a thread reads them, though nobody waits
        for it any more; then they are.
        """
        held = self.room._threads = HeldExecutor()
        task = self.begin(self.desk(lambda desk: desk.read(Sluggish(), 1)))
        self.until(lambda: bool(held.held))
        task.cancel()
        self.turn()
        self.assertTrue(task.cancelled())
        self.assertEqual(self.files.sizes()[Source.STDOUT], 0)
        held.held.pop()()
        self.until(self.closed)

    def test_leavesEarly(self) -> None:
        """
        Files that are opened for somebody who has gone are closed.
        """
        librarian = self.room._librarian = HeldExecutor()

        async def body(desk: Desk) -> None:
            self.fail("nobody is there")

        task = self.begin(self.desk(body))
        self.until(lambda: bool(librarian.held))
        task.cancel()
        self.turn()
        librarian.held.pop()()
        opened = len(self.room._library._loans)
        self.until(lambda: bool(librarian.held))
        librarian.held.pop()()
        self.assertEqual(opened, 1)
        self.assertEqual(self.room._library._loans, {})

    def test_cannotOpen(self) -> None:
        """
        Where no more files can be opened, that is said; what else keeps a
        log from being opened is raised as it is.
        """

        async def body(desk: Desk) -> None:
            self.fail("it was opened")

        for number, expected in ((errno.EMFILE, TooMany), (errno.EIO, OSError)):
            self.room._library = Broken(self.directory, number)
            with self.assertRaises(expected):
                self.run_(self.desk(body))

    def test_shared(self) -> None:
        """
        Two readers of a log share its files.
        """
        record, _ = self.job()

        async def reading() -> bool:
            async with (
                self.room.desk(record.identifier, "alice") as one,
                self.room.desk(record.identifier, "alice") as other,
            ):
                return one.files is other.files

        self.assertTrue(self.run_(reading()))

    def closed(self) -> bool:
        """
        Say whether nobody has any files.
        """
        return not self.room._library._loans
