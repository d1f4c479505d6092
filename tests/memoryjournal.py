"""
What has happened to jobs that are only in memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from attrs import define, evolve, field

from jobworker.changes import (
    KEPT,
    Change,
    Changes,
    JournalPlace,
    Kind,
    remains,
    requireKept,
    take,
)
from jobworker.jobs import Record
from jobworker.queries import Page, Query, fill


@define(eq=False)
class Journal:
    """
    Changes in memory.

    @ivar _kept: How many are kept.
    @ivar _revisions: That of the last change of each job.
    """

    _kept: int = KEPT
    _identity: str = field(factory=lambda: uuid4().hex)
    _changes: list[Change] = field(factory=list, init=False)
    _revisions: dict[str, int] = field(factory=dict, init=False)
    _last: int = field(default=0, init=False)

    def write(self, kind: Kind, record: Record, at: int) -> None:
        """
        Something has happened.
        """
        self._last += 1
        if kind is Kind.DELETED:
            self._revisions.pop(record.identifier, None)
            self._changes = [
                evolve(change, record=remains(change.record))
                if change.record.identifier == record.identifier
                else change
                for change in self._changes
            ]
            record = remains(record)
        else:
            self._revisions[record.identifier] = self._last
        self._changes.append(Change(self._last, kind, at, record))
        del self._changes[: -self._kept]

    def read(self, since: JournalPlace | None, limit: int) -> Changes:
        """
        Get what has happened since, or only where the journal ends.

        @raise PlaceLost: If some of it is not there.
        """
        last = JournalPlace(self._identity, self._last)
        if since is None:
            return Changes(last)
        first = self._last + 1 - len(self._changes)
        requireKept(since, last, first)
        return take(since, self._changes[since.revision + 1 - first :], limit)

    def search(self, query: Query, records: Iterable[Record]) -> Page:
        """
        Find the jobs that are wanted, if they have not changed since the
        revision that a query names.

        @param records: All there are.
        """
        found = [
            record
            for record in records
            if query.matches(record)
            and (
                query.settled is None
                or self._revisions.get(record.identifier, 0) <= query.settled
            )
        ]
        found.sort(key=lambda each: (each.started, each.identifier), reverse=True)
        return fill(query, found)
