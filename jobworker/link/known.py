"""
What a gateway remembers of the jobs it was told of.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field

from ..jobs import Phase, Record
from ..recollection import Recollection

_ORDER: Final = (Phase.RUNNING, Phase.DRAINING, Phase.ENDED)


@define
class KnownJobs:
    """
    The last record of each job that has not ended, and of those that ended
    last.

    @ivar _ended: Those that have; it is made with how many there may be.
    @ivar _doubtful: Those that had not ended, and of which nothing was learnt
        since that may have been otherwise.
    """

    _ended: Recollection = field(converter=Recollection)
    _unended: dict[str, Record] = field(factory=dict, init=False)
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
        self._ended.keep(record)
        return True

    def forget(self, identifier: str | None) -> None:
        """
        Remember a job no longer.

        @param identifier: C{None} for all that have ended.
        """
        if identifier is not None:
            self._unended.pop(identifier, None)
        self._ended.forget(identifier)

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
        return self._unended.get(identifier) or self._ended.find(identifier)

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
