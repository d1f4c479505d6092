"""
Which jobs are forgotten, and when.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import StorageFailed
from jobworker.life import Lost, advance
from jobworker.roster.local import LocalRoster
from jobworker.roster.retention import Remnant, Retain, Retention, surplus
from tests.contracts import exampleRecord
from tests.memorylogs import MemoryLogKeeper
from tests.memoryroster import MemoryRoster
from tests.memorystore import MemoryJobStore
from tests.rosters import RosterTestCase

SECOND = 1_000_000_000

remnants = st.lists(
    st.builds(
        Remnant,
        st.uuids().map(str),
        st.integers(0, 100).map(lambda seconds: seconds * SECOND),
        st.integers(0, 50),
    ),
    max_size=12,
)
retains = st.builds(
    Retain,
    st.none() | st.integers(0, 100).map(float),
    st.none() | st.integers(0, 12),
    st.none() | st.integers(0, 300),
)


class SurplusTests(SynchronousTestCase):
    """
    The choice.
    """

    @given(remnants, retains, st.integers(0, 200))
    def test_enough(self, jobs: list[Remnant], retain: Retain, now: int) -> None:
        """
        What is left is neither too old, nor too many, nor too large.
        """
        gone = surplus(jobs, retain, now * SECOND)
        left = [job for job in jobs if job not in gone]
        if retain.age is not None:
            limit = now - retain.age
            self.assertTrue(all(job.ended >= limit * SECOND for job in left))
        if retain.count is not None:
            self.assertLessEqual(len(left), retain.count)
        if retain.size is not None:
            self.assertLessEqual(sum(job.size for job in left), retain.size)

    @given(remnants, retains, st.integers(0, 200))
    def test_noMore(self, jobs: list[Remnant], retain: Retain, now: int) -> None:
        """
        The oldest go first, and not one more than has to.
        """
        gone = surplus(jobs, retain, now * SECOND)
        self.assertEqual(gone, sorted(jobs, key=lambda job: job.ended)[: len(gone)])
        if gone:
            *_, last = gone
            left = [job for job in jobs if job not in gone[:-1]]
            self.assertTrue(
                (retain.age is not None and now - last.ended / SECOND > retain.age)
                or (retain.count is not None and len(left) > retain.count)
                or (
                    retain.size is not None
                    and sum(job.size for job in left) > retain.size
                )
            )

    @given(remnants, st.integers(0, 200))
    def test_everything(self, jobs: list[Remnant], now: int) -> None:
        """
        Where nothing is limited, nothing is deleted.
        """
        self.assertTrue(Retain().everything)
        self.assertEqual(surplus(jobs, Retain(), now * SECOND), [])


class StubbornRoster(MemoryRoster):
    """
    A roster that cannot delete some jobs.
    """

    stubborn: frozenset[str] = frozenset()

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Refuse, or delete.
        """
        if identifier in self.stubborn:
            return fail(StorageFailed("disk full"))
        return super().delete(identifier)


class RetentionTests(RosterTestCase):
    """
    The rounds.
    """

    def lost(self, number: int) -> str:
        """
        Make a job that ended so many seconds after the epoch.
        """
        record = advance(exampleRecord(number), Lost(number * SECOND, ""))
        self.successResultOf(self.store.add(exampleRecord(number)))
        self.successResultOf(self.store.update(record))
        self.logs.logs[record.identifier] = None
        return record.identifier

    def begin(
        self, retain: Retain, roster: LocalRoster | MemoryRoster | None = None
    ) -> Retention:
        """
        Begin to delete, a thousand seconds after the epoch.
        """
        retention = Retention(
            self.clock,
            lambda: 1000 * SECOND,
            self.roster if roster is None else roster,
            self.store,
            self.logs,
            retain,
        )
        retention.startService()
        self.addCleanup(retention.stopService)
        return retention

    def left(self) -> set[str]:
        """
        Find what is there.
        """
        return self.successResultOf(self.store.identifiers())

    def test_deletes(self) -> None:
        """
        Jobs that are too old are deleted with their logs, round after round;
        jobs that run stay.
        """
        running = self.start().identifier
        old, new = self.lost(100), self.lost(990)
        self.begin(Retain(age=500))
        self.clock.advance(1)
        self.assertEqual(self.left(), {running, new})
        self.assertEqual(set(self.logs.logs), {running, new})
        self.assertNotIn(old, self.left())
        self.lost(200)
        self.clock.advance(60)
        self.assertEqual(self.left(), {running, new})

    def test_size(self) -> None:
        """
        Logs are measured; each takes a thousand bytes here.
        """
        self.lost(1)
        kept = {self.lost(2), self.lost(3)}
        self.begin(Retain(size=2500))
        self.clock.advance(1)
        self.assertEqual(self.left(), kept)

    def test_bounded(self) -> None:
        """
        A round deletes a hundred at most; the next comes soon.
        """
        for number in range(250):
            self.lost(number)
        self.begin(Retain(count=10))
        for left in (150, 50, 10):
            self.clock.advance(1)
            self.assertEqual(len(self.left()), left)

    def test_stopped(self) -> None:
        """
        After the end nothing more is deleted, and nothing waits.
        """
        self.lost(1)
        retention = self.begin(Retain(count=0))
        retention.stopService()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(len(self.left()), 1)

    def test_nothing(self) -> None:
        """
        Where everything is kept there are no rounds.
        """
        self.begin(Retain())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stubborn(self) -> None:
        """
        A job that cannot be deleted does not keep the others for ever.
        """
        roster = StubbornRoster(Clock())
        jobs = [self.lost(number) for number in range(3)]
        for number in range(3):
            roster.put(advance(exampleRecord(number), Lost(number, "")))
        roster.stubborn = frozenset(jobs[:1])
        self.begin(Retain(count=0), roster)
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors(StorageFailed)), 1)
        self.successResultOf(roster.find(jobs[1]))
        self.clock.advance(60)
        self.assertEqual(len(self.flushLoggedErrors(StorageFailed)), 1)
        for job in jobs[1:]:
            self.failureResultOf(roster.find(job))
        self.successResultOf(roster.find(jobs[0]))

    def test_storeFails(self) -> None:
        """
        A round that fails is logged, and the next comes.
        """
        store = MemoryJobStore()
        self.successResultOf(store.close())
        retention = Retention(
            self.clock,
            lambda: 0,
            self.roster,
            store,
            MemoryLogKeeper(),
            Retain(count=0),
        )
        retention.startService()
        self.addCleanup(retention.stopService)
        self.clock.advance(1)
        self.assertEqual(len(self.flushLoggedErrors()), 1)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
