"""
The job table on disk.

One connection writes and another reads, each in a thread of its own, so that
who only looks need not wait for the disk.  Changes that are asked for while a
transaction is being committed wait for each other and go into the next one
together: the disk is asked to be sure once, for all of them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from zope.interface import implementer

from attrs import define

from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..changes import KEPT, Changes, JournalPlace, Kind, kindOf
from ..errors import ShuttingDown, TableDamaged
from ..interfaces.store import IJobStore
from ..jobs import Record
from ..milestones import Milestone
from ..queries import Page, Query
from . import journaling, looking
from .opening import CONNECTION, configure
from .rows import Row, encode, unconvert, unconvertChanges
from .writing import Change, commit

_T = TypeVar("_T")


@implementer(IJobStore)
@define(eq=False, init=False)
class JobTable:
    """
    The jobs in a file that L{openTable} has seen.

    @ivar _kept: How many changes the journal keeps.
    @ivar _now: Says what time it is: nanoseconds since the epoch.
    @ivar _waiting: The changes for the next transaction.
    @ivar _writing: Whether a transaction is in progress.
    """

    log = Logger()

    _kept: int
    _now: Callable[[], int]
    _writer: ConnectionPool
    _reader: ConnectionPool
    _waiting: list[Change]
    _writing: bool
    _closing: bool
    _closed: Milestone[None]

    def __init__(
        self,
        reactor: IReactorCore,
        path: str,
        kept: int = KEPT,
        now: Callable[[], int] = time.time_ns,
    ) -> None:
        """
        Nothing is opened before the reactor runs.
        """
        self._kept = kept
        self._now = now
        self._writer = _openPool(reactor, path, configure)
        self._reader = _openPool(reactor, path, _configureReader)
        self._waiting = []
        self._writing = False
        self._closing = False
        self._closed = Milestone()

    def add(self, record: Record) -> Deferred[None]:
        """
        Remember a new job.
        """
        return self._change(Kind.STARTED, record.identifier, unconvert(record))

    def update(self, record: Record) -> Deferred[None]:
        """
        Remember what has become of a job.
        """
        row = unconvertChanges(record)
        return self._change(kindOf(record), record.identifier, row)

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job.
        """
        return self._change(Kind.DELETED, identifier, {"id": encode(identifier)})

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job.
        """
        return self._read(looking.find, identifier)

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """
        return self._read(looking.search, query)

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.
        """
        return self._read(journaling.read, since, limit)

    def findKey(self, owner: str, key: str) -> Deferred[Record | None]:
        """
        Look up the job that was started with a key.
        """
        return self._read(looking.findKey, owner, key)

    def unended(self) -> Deferred[list[Record]]:
        """
        Find the jobs that have not ended.
        """
        return self._read(looking.findUnended)

    def ended(self) -> Deferred[list[tuple[str, int]]]:
        """
        Find the jobs that have ended, and when.
        """
        return self._read(looking.findEnded)

    def identifiers(self) -> Deferred[set[str]]:
        """
        Find the identifiers of all jobs.
        """
        return self._read(looking.findIdentifiers)

    def close(self) -> Deferred[None]:
        """
        Finish and let go.
        """
        if not self._closing:
            self._closing = True
            self._proceed()
        return self._closed.wait()

    def _read(self, interaction: Callable[..., _T], *arguments: object) -> Deferred[_T]:
        """
        Look something up in the thread that reads.
        """
        if self._closing:
            return fail(ShuttingDown())
        found: Deferred[_T] = self._reader.runInteraction(interaction, *arguments)
        return found.addErrback(self._explain)

    def _explain(self, failure: Failure) -> NoReturn:
        """
        Say that something cannot be read.
        """
        if failure.check(sqlite3.Error, ValueError):
            self.log.error("cannot read the job table: {why}", why=failure.value)
            raise TableDamaged(str(failure.value)) from failure.value
        failure.raiseException()

    def _change(self, kind: Kind, identifier: str, row: Row) -> Deferred[None]:
        """
        Put a change into the next transaction.
        """
        if self._closing:
            return fail(ShuttingDown())
        change = Change(kind, identifier, row, self._now())
        self._waiting.append(change)
        self._proceed()
        return change.done

    def _proceed(self) -> None:
        """
        Begin the next transaction, or close, unless one is in progress.
        """
        if not self._writing:
            self._writing = True
            Deferred.fromCoroutine(self._work()).addErrback(
                lambda failure: self.log.failure("while writing", failure)
            )

    async def _work(self) -> None:
        """
        Write for as long as there is something to write.
        """
        while self._waiting:
            batch, self._waiting = self._waiting, []
            await self._write(batch)
        if self._closing:
            await self._finish()
        self._writing = False

    async def _write(self, batch: list[Change]) -> None:
        """
        Make changes in one transaction and tell those who wait.

        If that fails they are made one by one, so that a change fails for
        itself alone.
        """
        try:
            await self._writer.runInteraction(commit, batch, self._kept)
        except Exception:  # noqa: BLE001 - those who wait must hear of anything
            if len(batch) == 1:
                batch[0].done.errback()
                return
            for change in batch:
                await self._write([change])
        else:
            for change in batch:
                change.done.callback(None)

    async def _finish(self) -> None:
        """
        Let go of the file.
        """
        try:
            # Or else closing would do it, in the reactor's thread.
            await self._writer.runWithConnection(_checkpoint)
        except sqlite3.Error:
            self.log.failure("while emptying the journal of the job table")
        self._reader.close()
        self._writer.close()
        self._closed.reach(None)


def _openPool(
    reactor: IReactorCore, path: str, prepare: Callable[[sqlite3.Connection], None]
) -> ConnectionPool:
    """
    Make a connection with a thread of its own.
    """
    return ConnectionPool(
        "sqlite3",
        path,
        cp_reactor=reactor,
        cp_min=1,
        cp_max=1,
        cp_openfun=prepare,
        **CONNECTION,
    )


def _configureReader(connection: sqlite3.Connection) -> None:
    """
    Prepare a connection that cannot change anything.
    """
    configure(connection)
    connection.execute("PRAGMA query_only = ON")


def _checkpoint(connection: Any) -> None:
    """
    Move everything from the journal to the file itself.
    """
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
