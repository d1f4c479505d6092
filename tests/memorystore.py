"""
A job store that forgets everything with its process.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, succeed

from jobworker.changes import Changes, JournalPlace, Kind, kindOf
from jobworker.errors import NoSuchJob, PlaceLost, ShuttingDown, StorageFailed
from jobworker.interfaces.store import IJobStore
from jobworker.jobs import Phase, Record
from jobworker.queries import Page, Query
from tests.memoryjournal import Journal


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
        if self._closed:
            return fail(ShuttingDown())
        if identifier not in self._records:
            return fail(NoSuchJob(identifier))
        return succeed(self._records[identifier])

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """
        if self._closed:
            return fail(ShuttingDown())
        return succeed(self.journal.search(query, self._records.values()))

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.
        """
        if self._closed:
            return fail(ShuttingDown())
        try:
            return succeed(self.journal.read(since, limit))
        except PlaceLost as error:
            return fail(error)

    def findKey(self, owner: str, key: str) -> Deferred[Record | None]:
        """
        Look up the job that was started with a key.
        """
        if self._closed:
            return fail(ShuttingDown())
        for record in self._records.values():
            if _case(record) == (owner, key):
                return succeed(record)
        return succeed(None)

    def unended(self) -> Deferred[list[Record]]:
        """
        Find the jobs that have not ended.
        """
        if self._closed:
            return fail(ShuttingDown())
        unended = [
            record
            for record in self._records.values()
            if record.phase is not Phase.ENDED
        ]
        return succeed(sorted(unended, key=lambda record: record.started))

    def ended(self) -> Deferred[list[tuple[str, int]]]:
        """
        Find the jobs that have ended.
        """
        if self._closed:
            return fail(ShuttingDown())
        ended = [
            (record.identifier, record.ending.at)
            for record in self._records.values()
            if record.ending is not None
        ]
        return succeed(sorted(ended, key=lambda each: each[1]))

    def identifiers(self) -> Deferred[set[str]]:
        """
        Find the identifiers of all jobs.
        """
        if self._closed:
            return fail(ShuttingDown())
        return succeed(set(self._records))

    def close(self) -> Deferred[None]:
        """
        Take nothing more.
        """
        self._closed = True
        return succeed(None)

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
