"""
Remembering the jobs that ended last.
"""

from __future__ import annotations

from collections import OrderedDict

from attrs import define, field

from .jobs import Record


@define(eq=False)
class Recollection:
    """
    The last records of some jobs that have ended; the oldest make room.

    Use it in one thread.

    @ivar _most: How many.
    """

    _most: int
    _records: OrderedDict[str, Record] = field(factory=OrderedDict, init=False)

    def keep(self, record: Record) -> None:
        """
        Remember a job that has ended.
        """
        self._records[record.identifier] = record
        self._records.move_to_end(record.identifier)
        if len(self._records) > self._most:
            self._records.popitem(last=False)

    def find(self, identifier: str) -> Record | None:
        """
        Look up a job.
        """
        return self._records.get(identifier)

    def forget(self, identifier: str | None) -> None:
        """
        Remember a job no longer.

        @param identifier: C{None} for all.
        """
        if identifier is None:
            self._records.clear()
        else:
            self._records.pop(identifier, None)
