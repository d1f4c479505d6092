"""
What a gateway remembers of the jobs it was told of.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from attrs import define, field

from ..jobs import Phase, Record

_ORDER: Final = (Phase.RUNNING, Phase.DRAINING, Phase.ENDED)


@define
class KnownJobs:
    """
    The last record of each job that has not ended, and of those that ended
    last.

    @ivar _most: How many that have ended are remembered.
    @ivar _doubtful: Those that had not ended, and of which nothing was learnt
        since that may have been otherwise.
    """

    _most: int
    _unended: dict[str, Record] = field(factory=dict, init=False)
    _ended: OrderedDict[str, Record] = field(factory=OrderedDict, init=False)
    _doubtful: set[str] = field(factory=set, init=False)

    def learn(self, record: Record) -> bool:
        """
        Remember a record, unless a later one is known.

        @return: Whether it is news.
        """
        self._doubtful.discard(record.identifier)
        known = self.find(record.identifier)
        if known is not None and not _isLater(record, known):
            return False
        if record.phase is not Phase.ENDED:
            self._unended[record.identifier] = record
            return True
        self._unended.pop(record.identifier, None)
        self._ended[record.identifier] = record
        if len(self._ended) > self._most:
            self._ended.popitem(last=False)
        return True

    def forget(self, identifier: str | None) -> None:
        """
        Remember a job no longer.

        @param identifier: C{None} for all that have ended.
        """
        if identifier is None:
            self._ended.clear()
        else:
            self._unended.pop(identifier, None)
            self._ended.pop(identifier, None)

    def doubt(self) -> None:
        """
        Take it that those which had not ended may have done so.
        """
        self._doubtful = {*self._unended}

    def isDoubtful(self, identifier: str) -> bool:
        """
        Say whether nothing was learnt of a job since it was doubted.
        """
        return identifier in self._doubtful

    def find(self, identifier: str) -> Record | None:
        """
        Look up a job.
        """
        return self._unended.get(identifier) or self._ended.get(identifier)

    def unended(self) -> list[Record]:
        """
        Find the jobs that had not ended.
        """
        return list(self._unended.values())


def _isLater(record: Record, known: Record) -> bool:
    """
    Say whether a record comes after another of the same job.
    """
    here, there = _ORDER.index(record.phase), _ORDER.index(known.phase)
    if here != there:
        return here > there
    return (
        record.phase is not Phase.ENDED
        and record != known
        and not (known.stop is not None and record.stop is None)
    )
