"""
A job store that forgets everything with its process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, execute, fail, succeed

from jobworker.changes import Changes, JournalPlace, Kind, kindOf
from jobworker.errors import NoSuchJob, ShuttingDown, StorageFailed
from jobworker.interfaces.store import IJobStore
from jobworker.jobs import Phase, Record
from jobworker.queries import Page, Query
from tests.memoryjournal import Journal

_T = TypeVar("_T")


@implementer(IJobStore)
@define(eq=False)
class MemoryJobStore:
    """
    Records in a dictionary.

    @ivar refusal: While this is set, changes fail, and this is why.
    @ivar journal: What has changed.
    @ivar _now: Says what time it is: nanoseconds since the epoch.
    """

    refusal: str | None = None
    journal: Journal = field(factory=Journal)
    _now: Callable[[], int] = time.time_ns
    _records: dict[str, Record] = field(factory=dict, init=False)
    _closed: bool = field(default=False, init=False)

    def add(self, record: Record) -> Deferred[None]:
        """
        Remember a new job.
        """
        if record.identifier in self._records:
            return fail(StorageFailed(f"{record.identifier!r} was added before"))
        case = _case(record)
        if case[1] and case in map(_case, self._records.values()):
            return fail(StorageFailed(f"the key of {record.identifier!r} is taken"))
        return self._put(Kind.STARTED, record)

    def update(self, record: Record) -> Deferred[None]:
        """
        Remember what has become of a job.
        """
        if record.identifier not in self._records:
            return fail(StorageFailed(f"{record.identifier!r} was never added"))
        if self._records[record.identifier].ending is not None:
            return succeed(None)
        return self._put(kindOf(record), record)

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job.
        """
        refusal = self._refuse()
        if refusal is not None:
            return fail(refusal)
        record = self._records.pop(identifier, None)
        if record is None:
            return fail(NoSuchJob(identifier))
        self.journal.write(Kind.DELETED, record, self._now())
        return succeed(None)

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job.
        """

        def find() -> Record:
            if identifier not in self._records:
                raise NoSuchJob(identifier)
            return self._records[identifier]

        return self._look(find)

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """
        return self._look(lambda: self.journal.search(query, self._records.values()))

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.
        """
        return self._look(lambda: self.journal.read(since, limit))

    def findKey(self, owner: str, key: str) -> Deferred[Record | None]:
        """
        Look up the job that was started with a key.
        """
        return self._look(
            lambda: next(
                (
                    record
                    for record in self._records.values()
                    if _case(record) == (owner, key)
                ),
                None,
            )
        )

    def unended(self) -> Deferred[list[Record]]:
        """
        Find the jobs that have not ended.
        """

        def unended() -> list[Record]:
            records = self._records.values()
            found = (each for each in records if each.phase is not Phase.ENDED)
            return sorted(found, key=lambda record: record.started)

        return self._look(unended)

    def ended(self) -> Deferred[list[tuple[str, int]]]:
        """
        Find the jobs that have ended.
        """

        def ended() -> list[tuple[str, int]]:
            found = (
                (record.identifier, record.ending.at)
                for record in self._records.values()
                if record.ending is not None
            )
            return sorted(found, key=lambda each: each[1])

        return self._look(ended)

    def identifiers(self) -> Deferred[set[str]]:
        """
        Find the identifiers of all jobs.
        """
        return self._look(lambda: set(self._records))

    def close(self) -> Deferred[None]:
        """
        Take nothing more.
        """
        self._closed = True
        return succeed(None)

    def _look(self, look: Callable[[], _T]) -> Deferred[_T]:
        """
        Look something up.
        """
        return fail(ShuttingDown()) if self._closed else execute(look)

    def _put(self, kind: Kind, record: Record) -> Deferred[None]:
        refusal = self._refuse()
        if refusal is not None:
            return fail(refusal)
        self._records[record.identifier] = record
        self.journal.write(kind, record, self._now())
        return succeed(None)

    def _refuse(self) -> Exception | None:
        """
        Say why nothing can be changed, if so.
        """
        if self._closed:
            return ShuttingDown()
        return None if self.refusal is None else StorageFailed(self.refusal)


def _case(record: Record) -> tuple[str, str]:
    """
    Get owner and key of a job.
    """
    return record.owner, record.command.specification.key
