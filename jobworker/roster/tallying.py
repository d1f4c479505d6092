"""
Counting what happens to jobs, and what there is of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final

from attrs import define, field, frozen

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..description import Tally
from ..interfaces.logs import ILogKeeper
from ..interfaces.store import IJobStore
from ..jobs import Cause, Phase, Record
from ..milestones import Milestone
from .audience import Indifferent
from .standing import stand

# How many times as long as a survey takes, the next one waits: whoever asks
# more often is told what the last one found.
_REST: Final = 20


@frozen
class _Survey:
    """
    What was found on disk.

    @ivar stale: When it is to be looked at again, by the clock.
    """

    kept: int
    spoolBytes: int
    stale: float


@define(eq=False)
class Tallying(Indifferent):
    """
    Counts starts and ends as it is told of them, and measures logs when it is
    asked.

    @ivar _moved: Says how many bytes jobs have written.
    @ivar _phases: The jobs that have not ended.
    @ivar _survey: What was found when it was looked last.
    @ivar _looking: Reached when it has been looked; C{None} while nobody does.
    """

    _clock: IReactorTime
    _store: IJobStore
    _logs: ILogKeeper
    _moved: Callable[[], int]
    _started: int = field(default=0, init=False)
    _ended: Counter[Cause] = field(factory=Counter, init=False)
    _phases: dict[str, Phase] = field(factory=dict, init=False)
    _survey: _Survey | None = field(default=None, init=False)
    _looking: Milestone[None] | None = field(default=None, init=False)

    def jobChanged(self, record: Record) -> None:
        """
        Count a start or an end.
        """
        if record.identifier not in self._phases:
            self._started += 1
        self._phases[record.identifier] = record.phase
        if record.ending is not None:
            self._ended[record.ending.cause] += 1
            del self._phases[record.identifier]

    def lost(self, count: int) -> None:
        """
        Count jobs that an earlier process has left.
        """
        self._ended[Cause.LOST] += count

    def measure(self) -> Deferred[Tally]:
        """
        Find out what there is.

        @return: A L{Deferred} which need not be waited for to its end.
        """
        return stand(self._measure())

    async def _measure(self) -> Tally:
        while self._survey is None and self._looking is not None:
            await self._looking.wait()
        survey = self._survey
        if survey is None or self._isDue(survey):
            survey = await self._look()
        draining = sum(phase is Phase.DRAINING for phase in self._phases.values())
        return Tally(
            self._started,
            tuple((cause.value, self._ended[cause]) for cause in Cause),
            self._moved(),
            len(self._phases) - draining,
            draining,
            survey.kept,
            survey.spoolBytes,
        )

    def _isDue(self, survey: _Survey) -> bool:
        """
        Say whether it is to be looked again; nobody does while another does.
        """
        return self._looking is None and self._clock.seconds() >= survey.stale

    async def _look(self) -> _Survey:
        """
        Measure the logs, and count the jobs that have ended.
        """
        began = self._clock.seconds()
        looking = self._looking = Milestone()
        try:
            ended = await self._store.ended()
            sizes = await self._logs.sizes(await self._logs.identifiers())
            now = self._clock.seconds()
            stale = now + _REST * (now - began)
            self._survey = _Survey(len(ended), sum(sizes.values()), stale)
            return self._survey
        finally:
            self._looking = None
            looking.reach(None)
