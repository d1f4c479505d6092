"""
Which jobs somebody wants to see, and in which order.

Jobs are in the order in which they were started, the newest first, and those
that were started in the same nanosecond in that of their identifiers.  What
comes after a job in this order stays the same while others come and go.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from .jobs import Cause, Record
from .portions import portion, weigh
from .specification import Specification


@frozen
class Query:
    """
    What somebody wants to see.

    @ivar running: Whether jobs are wanted that have not ended.
    @ivar causes: Of those that have ended, the causes that are wanted.
    @ivar owner: The subject whose jobs are wanted; C{None} for all.
    @ivar after: When a job was started at the earliest: nanoseconds since the
        epoch.
    @ivar before: The time before which it was started.
    @ivar prefix: What its identifier begins with.
    @ivar labels: Labels that it has, with these values; C{None} for any value.
    @ivar name: The name that it has; C{None} for all.
    @ivar behind: When the job was started, and the identifier, of the last
        that was seen: what is wanted comes behind it.
    @ivar limit: How many are wanted at most.
    @ivar settled: If it is set, only jobs are wanted whose last change has this
        revision or one before it; L{matches} does not know that.
    """

    running: bool = True
    causes: frozenset[Cause] = frozenset(Cause)
    owner: str | None = None
    after: int | None = None
    before: int | None = None
    prefix: str = ""
    labels: tuple[tuple[str, str | None], ...] = ()
    name: str | None = None
    behind: tuple[int, str] | None = None
    limit: int = 100
    settled: int | None = None

    def matches(self, record: Record) -> bool:
        """
        Say whether a job is wanted.
        """
        if record.ending is None:
            wanted = self.running
        else:
            wanted = record.ending.cause in self.causes
        return (
            wanted
            and (self.owner is None or record.owner == self.owner)
            and (self.after is None or record.started >= self.after)
            and (self.before is None or record.started < self.before)
            and (self.behind is None or _place(record) < self.behind)
            and record.identifier.startswith(self.prefix)
            and self._isCalled(record.command.specification)
        )

    def _isCalled(self, given: Specification) -> bool:
        """
        Say whether a job has the name and the labels.
        """
        if self.name is not None and given.name != self.name:
            return False
        has = dict(given.labels) if self.labels else {}
        return all(
            name in has and (value is None or has[name] == value)
            for name, value in self.labels
        )


@frozen
class Page:
    """
    Some of the jobs that are wanted.

    @ivar more: Whether there are others behind them.
    """

    records: tuple[Record, ...] = ()
    more: bool = False


def fill(query: Query, records: Iterable[Record]) -> Page:
    """
    Take as many jobs as can be given at a time.

    @param records: Those that are wanted, in order.  No more are taken than
        are needed.
    """
    return Page(*portion(records, weigh, query.limit))


def _place(record: Record) -> tuple[int, str]:
    return record.started, record.identifier
