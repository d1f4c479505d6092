"""
The logs of running jobs, as the roster sees them.

This is the reactor's side of the drain: it makes spools and pipes in the
reactor's thread pool, hands them to the drain, and turns what the drain says
into Deferreds.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TypeVar

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorThreads
from twisted.internet.threads import deferToThreadPool

from ..interfaces.logs import IJobLog, ILogKeeper, ILogListener
from ..jobs import Source, Written
from ..milestones import Milestone
from .collection import Collection
from .drain import Drain
from .layout import logPath, removeSpool, sizeOnDisk
from .limits import Writer, limit
from .quota import Quota
from .recovery import recoverSpool
from .spool import TRANSFER, createSpool

_T = TypeVar("_T")


@implementer(IJobLog)
@define(eq=False)
class JobLog:
    """
    The log of one running job.

    @ivar _readers: The reading ends of the pipes, until the drain has them.
    @ivar _sealing: Whether the drain was asked to finish.
    """

    outputs: dict[Source, int]
    _readers: dict[Source, int]
    _spool: Writer
    _drain: Drain
    _grew: Callable[[], None]
    _inThread: Callable[[Callable[[], None]], Deferred[None]]
    _overQuota: Milestone[str]
    _dry: Milestone[None] = field(factory=Milestone, init=False)
    _sealed: Milestone[None] = field(factory=Milestone, init=False)
    _collection: Collection = field(init=False)
    _sealing: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._collection = Collection(
            self._spool,
            self._readers,
            self._grew,
            partial(self._dry.reach, None),
            partial(self._sealed.reach, None),
        )

    def launched(self) -> None:
        """
        Give the reading ends to the drain.
        """
        self._closeOutputs()
        self._drain.collect(self._collection)

    def abandon(self) -> Deferred[None]:
        """
        Undo everything.
        """
        self._closeOutputs()
        for descriptor in self._readers.values():
            os.close(descriptor)
        self._spool.close()
        return self._inThread(partial(removeSpool, self._spool.path))

    def whenDry(self) -> Deferred[None]:
        """
        Wait for the end of all pipes.
        """
        return self._dry.wait()

    def whenOverQuota(self) -> Deferred[str]:
        """
        Wait for the log to become longer than the job may make it.
        """
        return self._overQuota.wait()

    def seal(self) -> Deferred[None]:
        """
        Have the drain finish, once.
        """
        if not self._sealing:
            self._sealing = True
            self._drain.seal(self._collection)
        return self._sealed.wait()

    @property
    def written(self) -> Written:
        """
        Count what has come, kept or not.
        """
        size = self._spool.size
        return Written(size(Source.STDOUT), size(Source.STDERR))

    def _closeOutputs(self) -> None:
        """
        Close the writing ends.
        """
        for descriptor in self.outputs.values():
            os.close(descriptor)
        self.outputs.clear()


@implementer(ILogKeeper)
@define(eq=False)
class LogKeeper:
    """
    The logs below one directory.

    @ivar _directory: Where all logs are.
    @ivar _quota: What each log may hold.
    """

    _reactor: IReactorThreads
    _directory: str
    _drain: Drain
    _quota: Quota = field(factory=Quota)
    _listeners: list[ILogListener] = field(factory=list, init=False)

    def create(self, identifier: str) -> Deferred[IJobLog]:
        """
        Make a spool and the pipes that lead to it.
        """
        return self._inThread(partial(self._create, identifier))

    def subscribe(self, listener: ILogListener) -> None:
        """
        Tell a listener of every growth.
        """
        self._listeners.append(listener)

    def unsubscribe(self, listener: ILogListener) -> None:
        """
        Tell it nothing more.
        """
        self._listeners.remove(listener)

    def recover(self, identifier: str) -> Deferred[None]:
        """
        Seal what a dead writer left.
        """
        return self._inThread(partial(self._recover, identifier))

    def identifiers(self) -> Deferred[set[str]]:
        """
        List the directories.
        """
        return self._inThread(self._identifiers)

    def sizes(self, identifiers: Iterable[str]) -> Deferred[dict[str, int]]:
        """
        Measure logs on disk.
        """
        return self._inThread(partial(self._sizes, tuple(identifiers)))

    def remove(self, identifier: str) -> Deferred[None]:
        """
        Delete a log.
        """
        return self._inThread(partial(removeSpool, self._path(identifier)))

    def _create(self, identifier: str) -> JobLog:
        """
        Make a log, in a thread of the pool.
        """
        spool = createSpool(self._path(identifier))
        try:
            readers, writers = _makePipes()
        except OSError:
            spool.close()
            removeSpool(spool.path)
            raise
        overQuota: Milestone[str] = Milestone()
        reason = f"its log reached the limit of {self._quota.limit} bytes"
        return JobLog(
            writers,
            readers,
            limit(
                spool,
                self._quota,
                partial(self._reactor.callFromThread, overQuota.reach, reason),
            ),
            self._drain,
            partial(self._logGrew, identifier),
            self._inThread,
            overQuota,
        )

    def _recover(self, identifier: str) -> None:
        with suppress(FileNotFoundError):
            recoverSpool(self._path(identifier))

    def _identifiers(self) -> set[str]:
        shelves = _directoriesIn(self._directory)
        return {
            name
            for shelf in shelves
            for name in _directoriesIn(os.path.join(self._directory, shelf))
            if self._path(name) == os.path.join(self._directory, shelf, name)
        }

    def _sizes(self, identifiers: Iterable[str]) -> dict[str, int]:
        sizes: dict[str, int] = {}
        for identifier in identifiers:
            with suppress(FileNotFoundError):
                sizes[identifier] = sizeOnDisk(self._path(identifier))
        return sizes

    def _logGrew(self, identifier: str) -> None:
        for listener in tuple(self._listeners):
            listener.logGrew(identifier)

    def _path(self, identifier: str) -> str:
        return logPath(self._directory, identifier)

    def _inThread(self, work: Callable[[], _T]) -> Deferred[_T]:
        """
        Do something that may wait for the disk.
        """
        pool = self._reactor.getThreadPool()
        return deferToThreadPool(self._reactor, pool, work)


def _directoriesIn(path: str) -> list[str]:
    """
    List directories, and not what else somebody may have put there.
    """
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir()]
    except FileNotFoundError:
        return []


def _makePipes() -> tuple[dict[Source, int], dict[Source, int]]:
    """
    Make a pipe for each source.

    @return: The reading ends, which do not block, and the writing ends, which
        do.
    """
    readers: dict[Source, int] = {}
    writers: dict[Source, int] = {}
    try:
        for source in Source:
            readers[source], writers[source] = os.pipe2(os.O_CLOEXEC)
            os.set_blocking(readers[source], False)
            # Only root may have many pipes of this size (pipe(7)); a smaller
            # one works as well.
            with suppress(PermissionError):
                fcntl.fcntl(writers[source], fcntl.F_SETPIPE_SZ, TRANSFER)
    except OSError:
        for descriptor in (*readers.values(), *writers.values()):
            os.close(descriptor)
        raise
    return readers, writers
