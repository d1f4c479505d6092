"""
Reading logs without ever waiting for a disk in the loop.
"""

from __future__ import annotations

import errno
from asyncio import AbstractEventLoop, CancelledError, Future, shield
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from attrs import define, field

from ..errors import NoSuchJob
from ..jobs import Source
from ..logs.reading import Library, LogFiles
from .failures import TooMany
from .turns import Shares, Turns

_T = TypeVar("_T")

_FULL: Final = {errno.EMFILE, errno.ENFILE}


class ICursor(Protocol[_T]):
    """
    What reads a log piece by piece.
    """

    def read(self, limit: int, wait: bool = True) -> list[_T]:
        """
        Read what comes next.
        """


@define(eq=False)
class Desk:
    """
    The place of one reader, with the files of one log.

    @ivar _turns: Those of the caller, who may have several readers.
    @ivar _busy: What is done for this reader in another thread.
    """

    files: LogFiles
    _loop: AbstractEventLoop
    _threads: Executor
    _turns: Turns
    _busy: Future[Any] | None = field(default=None, init=False)

    async def read(self, cursor: ICursor[_T], limit: int) -> list[_T]:
        """
        Read what comes next: here if it is in memory, otherwise in a thread
        that can wait for it.

        @param limit: About the most bytes wanted.
        """
        try:
            return cursor.read(limit, False)
        except BlockingIOError:
            return await self.inThread(cursor.read, limit, True)

    async def sizes(self) -> dict[Source, int]:
        """
        Count the bytes that have come of each source.
        """
        try:
            return self.files.sizes(False)
        except BlockingIOError:
            return await self.inThread(self.files.sizes)

    async def inThread(self, function: Callable[..., _T], *arguments: object) -> _T:
        """
        Do something that takes long, one thing at a time, when it is the
        caller's turn.
        """
        await self._turns.take()
        work = self._loop.run_in_executor(self._threads, partial(function, *arguments))
        # A thread goes on, though whoever waits may leave.
        work.add_done_callback(lambda _: self._turns.giveBack())
        self._busy = work
        return await shield(work)

    def whenFree(self, done: Callable[[Future[Any] | None], object]) -> None:
        """
        Call something once no other thread works for this reader any more,
        whose files it may still be reading.
        """
        if self._busy is None or self._busy.done():
            done(None)
        else:
            self._busy.add_done_callback(_retrieve)
            self._busy.add_done_callback(done)


@define(eq=False)
class ReadingRoom:
    """
    Gives out desks.

    @ivar _librarian: The one thread that uses the library, because to open a
        file may take long.
    @ivar _threads: Those that wait for disks, or for a long way to go in a log.
    @ivar _shares: How many of these a caller may keep busy.
    """

    _loop: AbstractEventLoop
    _library: Library
    _threads: Executor
    _shares: Shares
    _librarian: Executor = field(
        factory=partial(ThreadPoolExecutor, 1, "librarian"), init=False
    )

    @asynccontextmanager
    async def desk(self, identifier: str, subject: str) -> AsyncIterator[Desk]:
        """
        Read a log while the context lasts.

        @param subject: Who the caller is.

        @raise NoSuchJob: If there is no such log.

        @raise SpoolDamaged: If it is not one of ours.

        @raise TooMany: If no more files can be opened.
        """
        loan = self._library.borrow(identifier)

        def giveBack(_: Future[Any] | None = None) -> None:
            self._librarian.submit(loan.__exit__, None, None, None)

        def giveBackUnread(opening: Future[LogFiles]) -> None:
            if opening.exception() is None:
                giveBack()

        opening = self._loop.run_in_executor(self._librarian, loan.__enter__)
        try:
            files = await shield(opening)
        except CancelledError:
            opening.add_done_callback(giveBackUnread)
            raise
        except FileNotFoundError:
            raise NoSuchJob(identifier) from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise TooMany("the service has too many files open") from error
        turns = self._shares.of(subject)
        desk = Desk(files, self._loop, self._threads, turns)
        try:
            yield desk
        finally:
            desk.whenFree(giveBack)

    def close(self) -> None:
        """
        Let the threads end when they have done what they do.

        Call this when nobody reads any more.
        """
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._librarian.shutdown(wait=False)


def _retrieve(work: Future[Any]) -> None:
    """
    Look at what came of something that nobody waits for any more.
    """
    if not work.cancelled():
        work.exception()
