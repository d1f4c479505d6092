"""
Somebody who is told what happens to jobs.
"""

from __future__ import annotations

from collections.abc import Callable

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred

from jobworker.interfaces.roster import IRosterListener
from jobworker.jobs import Phase, Record


@implementer(IRosterListener)
@define(eq=False)
class Witness:
    """
    A listener that remembers what it is told, and can be waited on.

    @ivar records: What was told of each job, in order.
    @ivar grown: The jobs whose logs grew, as often as it was told.
    @ivar forgotten: The jobs that were deleted, in order.
    @ivar journal: How often it was told that the journal grew.
    """

    records: dict[str, list[Record]] = field(factory=dict)
    grown: list[str] = field(factory=list)
    forgotten: list[str | None] = field(factory=list)
    journal: int = 0
    _waiting: list[tuple[Callable[[], bool], Deferred[None]]] = field(factory=list)

    def jobChanged(self, record: Record) -> None:
        """
        Remember it.
        """
        self.records.setdefault(record.identifier, []).append(record)
        self._look()

    def jobForgotten(self, identifier: str | None) -> None:
        """
        Remember it.
        """
        self.forgotten.append(identifier)
        self._look()

    def logGrew(self, identifier: str) -> None:
        """
        Remember it.
        """
        self.grown.append(identifier)
        self._look()

    def journalGrew(self) -> None:
        """
        Remember it.
        """
        self.journal += 1
        self._look()

    def until(self, fact: Callable[[], bool]) -> Deferred[None]:
        """
        Wait for something to be so.
        """
        deferred: Deferred[None] = Deferred()
        self._waiting.append((fact, deferred))
        self._look()
        return deferred

    def phases(self, identifier: str) -> list[Phase]:
        """
        The phases that a job was told to be in, each once.
        """
        phases = [record.phase for record in self.records.get(identifier, [])]
        return list(dict.fromkeys(phases))

    def last(self, identifier: str) -> Record:
        """
        What was told of a job at last.
        """
        return self.records[identifier][-1]

    def _look(self) -> None:
        ready = [each for each in self._waiting if each[0]()]
        self._waiting = [each for each in self._waiting if each not in ready]
        for _, deferred in ready:
            deferred.callback(None)
