"""
What a gateway remembers of jobs.
"""

from __future__ import annotations

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import POLITE, Phase, Record, Stop
from jobworker.life import Event, StopRequested, advance
from jobworker.link.known import KnownJobs

from .contracts import exampleRecord
from .lives import ended
from .strategies import lives, newRecords


class KnownJobsTests(SynchronousTestCase):
    """
    The last state of a job is remembered.
    """

    @given(newRecords, lives(), st.randoms(use_true_random=False))
    def test_anyOrder(
        self, record: Record, events: list[Event], random: object
    ) -> None:
        """
        In whatever order records of a job come, the last phase is remembered,
        and its end is news once.
        """
        states = [*accumulate(events, advance, initial=record)]
        known = KnownJobs(10)
        shuffled = states * 2
        random.shuffle(shuffled)  # type: ignore[attr-defined]
        news = [state for state in shuffled if known.learn(state)]
        found = known.find(record.identifier)
        assert found is not None
        self.assertIs(found.phase, states[-1].phase)
        self.assertLessEqual([n.phase for n in news].count(Phase.ENDED), 1)
        self.assertEqual(known.unended(), [] if found.phase is Phase.ENDED else [found])

    def test_stop(self) -> None:
        """
        A job that is being stopped is not taken for one that is not.
        """
        record = exampleRecord()
        stopping = advance(record, StopRequested(Stop("bob", POLITE, 1)))
        known = KnownJobs(10)
        self.assertTrue(known.learn(stopping))
        self.assertFalse(known.learn(record))
        self.assertEqual(known.find(record.identifier), stopping)

    def test_bounded(self) -> None:
        """
        Of jobs that have ended only the last are remembered.
        """
        known = KnownJobs(2)
        for number in range(3):
            known.learn(ended(exampleRecord(number)))
        self.assertIsNone(known.find(exampleRecord(0).identifier))
        self.assertIsNotNone(known.find(exampleRecord(2).identifier))

    def test_forget(self) -> None:
        """
        What is forgotten is not found.
        """
        known = KnownJobs(2)
        for record in (ended(exampleRecord(0)), exampleRecord(1)):
            known.learn(record)
            known.forget(record.identifier)
            known.forget(record.identifier)
            self.assertIsNone(known.find(record.identifier))

    def test_doubt(self) -> None:
        """
        A job is doubtful until something is learnt of it, news or not.
        """
        running, other = exampleRecord(1), exampleRecord(2)
        known = KnownJobs(2)
        for record in (running, other, ended(exampleRecord(3))):
            known.learn(record)
        self.assertFalse(known.isDoubtful(running.identifier))
        known.doubt()
        self.assertFalse(known.learn(other))
        known.learn(exampleRecord(4))
        doubtful = [
            *filter(known.isDoubtful, (exampleRecord(n).identifier for n in range(5)))
        ]
        self.assertEqual(doubtful, [running.identifier])
