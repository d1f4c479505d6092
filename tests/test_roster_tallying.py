"""
What is counted where the jobs run.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.internet.defer import Deferred

from jobworker.description import Tally
from jobworker.jobs import FORCED, Cause, Status
from jobworker.roster.tallying import Tallying
from tests.memorylogs import MemoryLogKeeper
from tests.rosters import RosterTestCase


class SlowLogKeeper(MemoryLogKeeper):
    """
    Measures logs when it is told to.
    """

    asked = 0

    def sizes(self, identifiers: Iterable[str]) -> Deferred[dict[str, int]]:
        """
        Wait.
        """
        self.asked += 1
        self.found = tuple(identifiers)
        self.answer: Deferred[dict[str, int]] = Deferred()
        return self.answer


class TallyingTests(RosterTestCase):
    """
    Starts, ends and sizes.
    """

    def setUp(self) -> None:
        """
        Count from the beginning.
        """
        super().setUp()
        self.tallying = Tallying(self.clock, self.store, self.logs, lambda: 4711)
        self.successResultOf(self.roster.subscribe(self.tallying))
        self.roster.count = self.tallying.measure

    def tally(self) -> Tally:
        """
        Find out what was counted.
        """
        tally: Tally = self.successResultOf(self.roster.measure())
        return tally

    def test_nothing(self) -> None:
        """
        At first there is nothing, and each cause is named.
        """
        ended = tuple((cause.value, 0) for cause in Cause)
        self.assertEqual(self.tally(), Tally(ended=ended, logBytes=4711))

    def test_life(self) -> None:
        """
        A job is counted once when it starts and once when it ends, and stands
        in one phase meanwhile.
        """
        record = self.start()
        self.start()
        tally = self.tally()
        self.assertEqual((tally.started, tally.running, tally.draining), (2, 2, 0))
        self.assertEqual((tally.kept, tally.spoolBytes), (0, 2000))
        self.handle(record).exit(Status(code=0))
        # One that ends altogether within a moment is never told as draining.
        self.clock.advance(0.05)
        tally = self.tally()
        self.assertEqual((tally.started, tally.running, tally.draining), (2, 1, 1))
        self.joblog(record).dry.reach(None)
        self.clock.advance(1)
        tally = self.tally()
        self.assertEqual((tally.started, tally.running, tally.draining), (2, 1, 0))
        self.assertEqual(tally.kept, 1)
        self.assertEqual(dict(tally.ended)["exited"], 1)

    def test_causes(self) -> None:
        """
        Ends are counted by their causes, those too that an earlier process
        left behind.
        """
        record = self.start()
        stopped = self.roster.stop(record.identifier, "alice", FORCED)
        self.clock.advance(1)
        self.successResultOf(stopped)
        self.tallying.lost(3)
        ended = {name: count for name, count in self.tally().ended if count}
        self.assertEqual(ended, {"stopped": 1, "lost": 3})

    def test_sparing(self) -> None:
        """
        Logs are measured for a small part of the time at most, however often
        somebody asks.
        """
        logs = SlowLogKeeper()
        tallying = Tallying(self.clock, self.store, logs, lambda: 0)
        first = tallying.measure()
        self.assertNoResult(first)
        self.clock.advance(2)
        logs.answer.callback({"a": 5})
        self.assertEqual(self.successResultOf(first).spoolBytes, 5)
        self.clock.advance(39)
        self.assertEqual(self.successResultOf(tallying.measure()).spoolBytes, 5)
        self.assertEqual(logs.asked, 1)
        self.clock.advance(1)
        self.assertNoResult(tallying.measure())
        self.assertEqual(logs.asked, 2)

    def test_together(self) -> None:
        """
        Logs are measured once for all who ask meanwhile: at first they wait,
        and later they are told what was found before.
        """
        logs = SlowLogKeeper()
        tallying = Tallying(self.clock, self.store, logs, lambda: 0)
        first, second = tallying.measure(), tallying.measure()
        self.clock.advance(2)
        logs.answer.callback({"a": 5})
        for each in (first, second):
            self.assertEqual(self.successResultOf(each).spoolBytes, 5)
        self.assertEqual(logs.asked, 1)
        self.clock.advance(40)
        third = tallying.measure()
        self.assertNoResult(third)
        self.assertEqual(self.successResultOf(tallying.measure()).spoolBytes, 5)
        logs.answer.callback({"a": 6})
        self.assertEqual(self.successResultOf(third).spoolBytes, 6)
        self.assertEqual(logs.asked, 2)

    def test_cannotLook(self) -> None:
        """
        When the logs cannot be measured, who has asked is told, and who waited
        for that has it tried again.
        """
        logs = SlowLogKeeper()
        tallying = Tallying(self.clock, self.store, logs, lambda: 0)
        first, second = tallying.measure(), tallying.measure()
        logs.answer.errback(OSError(5, "Input/output error"))
        self.failureResultOf(first, OSError)
        logs.answer.callback({"a": 5})
        self.assertEqual(self.successResultOf(second).spoolBytes, 5)
