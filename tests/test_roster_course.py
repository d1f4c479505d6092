"""
The course of a job, without processes, disks and time.
"""

from __future__ import annotations

from signal import SIGKILL, SIGTERM
from typing import Any

from jobworker.errors import (
    NoSuchJob,
    NotRunning,
    ShuttingDown,
    StopIgnored,
)
from jobworker.jobs import (
    FORCED,
    POLITE,
    Cause,
    Manner,
    Phase,
    Status,
)
from tests.rosters import RosterTestCase


class EndTests(RosterTestCase):
    """
    An end has an order.
    """

    def test_dry(self) -> None:
        """
        A job whose output was let go ends at once: swept, sealed, on disk,
        told.
        """
        record = self.start()
        self.joblog(record).dry.reach(None)
        self.handle(record).exit(Status(code=3))
        ended = self.witness.last(record.identifier)
        assert ended.ending is not None
        self.assertEqual(
            (ended.ending.cause, ended.ending.status), (Cause.EXITED, Status(code=3))
        )
        self.assertEqual(self.stored(record), ended)
        self.assertEqual(self.handle(record).sweeps, 1)
        self.assertTrue(self.joblog(record).sealed.reached)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_linger(self) -> None:
        """
        What holds the output is given a while, in which it is known that the
        command has exited.
        """
        record = self.start()
        self.handle(record).exit(Status(code=3))
        self.clock.advance(0.02)
        self.assertIs(self.witness.last(record.identifier).phase, Phase.DRAINING)
        self.clock.advance(0.17)
        self.assertEqual(self.handle(record).sweeps, 0)
        self.clock.advance(0.02)
        self.assertEqual(self.handle(record).sweeps, 1)
        self.assertIs(self.witness.last(record.identifier).phase, Phase.ENDED)

    def test_stubborn(self) -> None:
        """
        A job has not ended, and its log is not sealed, before everything of
        it is gone.
        """
        record = self.start()
        self.handle(record).stubborn = True
        stopped = self.roster.stop(record.identifier, "bob", FORCED)
        self.clock.advance(100)
        self.assertNoResult(stopped)
        self.assertFalse(self.joblog(record).sealed.reached)
        self.handle(record).vanish()
        self.assertIs(self.successResultOf(stopped).phase, Phase.ENDED)

    def test_sealWaits(self) -> None:
        """
        A job has not ended before its log is complete.
        """
        record = self.start()
        self.joblog(record).full = True
        stopped = self.roster.stop(record.identifier, "bob", FORCED)
        self.clock.advance(100)
        self.assertNoResult(stopped)
        self.joblog(record).makeRoom()
        self.successResultOf(stopped)

    def test_diskFull(self) -> None:
        """
        While the disk refuses a job goes on and can be ended, and nobody is
        told; then everybody is.
        """
        record = self.start()
        self.store.refusal = "disk full"
        stopped = self.roster.stop(record.identifier, "bob", FORCED)
        self.clock.pump([0.1] * 100)
        self.assertGreaterEqual(self.handle(record).sweeps, 1)
        self.assertTrue(self.joblog(record).sealed.reached)
        self.assertNoResult(stopped)
        self.assertEqual(self.witness.records[record.identifier], [record])
        found = self.roster.find(record.identifier)
        self.assertEqual(self.successResultOf(found), record)
        self.store.refusal = None
        self.clock.pump([0.1] * 10)
        ended = self.successResultOf(stopped)
        self.assertEqual(self.stored(record), ended)
        self.assertEqual(
            self.witness.phases(record.identifier),
            [Phase.RUNNING, Phase.ENDED],
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_overQuota(self) -> None:
        """
        A job that writes too much is killed for that.
        """
        record = self.start()
        self.joblog(record).overQuota.reach("more than 1 GiB")
        self.clock.advance(1)
        ended = self.witness.last(record.identifier)
        assert ended.ending is not None
        self.assertIs(ended.ending.cause, Cause.LOG_LIMIT)
        self.assertEqual(ended.ending.reason, "more than 1 GiB")
        self.assertGreaterEqual(self.handle(record).sweeps, 1)

    def test_overQuotaStopped(self) -> None:
        """
        A job that was asked to end before keeps that cause.
        """
        record = self.start()
        self.handle(record).obeys = False
        stopped = self.roster.stop(record.identifier, "bob", Manner(SIGTERM, 9.0))
        self.joblog(record).overQuota.reach("more than 1 GiB")
        self.clock.advance(1)
        ending = self.successResultOf(stopped).ending
        assert ending is not None
        self.assertIs(ending.cause, Cause.STOPPED)

    def test_forgotten(self) -> None:
        """
        Of jobs that have ended only the last few are kept in memory; all are
        found.
        """
        records = [self.start() for _ in range(300)]
        for record in records:
            self.handle(record).exit(Status(code=0))
        self.clock.advance(1)
        self.assertEqual(self.roster.running(), 0)
        for record in records:
            found = self.successResultOf(self.roster.find(record.identifier))
            self.assertIs(found.phase, Phase.ENDED)
        self.successResultOf(self.store.close())
        first, last = records[0].identifier, records[-1].identifier
        self.failureResultOf(self.roster.find(first), ShuttingDown)
        self.successResultOf(self.roster.find(last))


class StopTests(RosterTestCase):
    """
    A stop is carried out as it was asked for.
    """

    def setUp(self) -> None:
        """
        Start a job that ignores what it can.
        """
        super().setUp()
        self.record = self.start()
        self.job = self.handle(self.record)
        self.job.obeys = False

    def stop(self, manner: Manner) -> Any:
        """
        Ask for the end of the job.
        """
        return self.roster.stop(self.record.identifier, "bob", manner)

    def test_ignored(self) -> None:
        """
        Without a grace a stop is given up after one second, and nothing was
        killed.
        """
        stopped = self.stop(POLITE)
        self.clock.advance(0.99)
        self.assertNoResult(stopped)
        self.clock.advance(0.02)
        self.failureResultOf(stopped, StopIgnored)
        self.assertEqual((self.job.signals, self.job.sweeps), ([SIGTERM], 0))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_late(self) -> None:
        """
        A command that leaves after a stop was given up has been stopped.
        """
        stopped = self.stop(POLITE)
        self.clock.advance(1.1)
        self.failureResultOf(stopped, StopIgnored)
        self.job.exit(Status(code=0))
        self.clock.advance(1)
        ending = self.witness.last(self.record.identifier).ending
        assert ending is not None
        self.assertIs(ending.cause, Cause.STOPPED)

    def test_slowEnd(self) -> None:
        """
        A stop is not given up when the command has left in time, however long
        the rest takes.
        """
        self.job.stubborn = True
        stopped = self.stop(POLITE)
        self.clock.advance(0.9)
        self.job.exit(Status(code=0))
        self.clock.advance(10)
        self.assertNoResult(stopped)
        self.job.vanish()
        self.successResultOf(stopped)

    def test_grace(self) -> None:
        """
        When the grace is over everything is killed.
        """
        stopped = self.stop(Manner(SIGTERM, 5.0))
        self.clock.advance(4.9)
        self.assertEqual((self.job.signals, self.job.sweeps), ([SIGTERM], 0))
        self.clock.advance(0.2)
        self.assertGreaterEqual(self.job.sweeps, 1)
        ending = self.successResultOf(stopped).ending
        self.assertEqual(ending.status, Status(signal=SIGKILL))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_inTime(self) -> None:
        """
        Nothing more is to be done after a command has left within its grace.
        """
        self.joblog(self.record).dry.reach(None)
        stopped = self.stop(Manner(SIGTERM, 5.0))
        self.job.exit(Status(code=7))
        ending = self.successResultOf(stopped).ending
        self.assertEqual((ending.cause, ending.status), (Cause.STOPPED, Status(code=7)))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_shorterGrace(self) -> None:
        """
        A later stop with a shorter grace is carried out, too.
        """
        first, second = self.stop(Manner(SIGTERM, 60.0)), self.stop(Manner(2, 1.0))
        self.clock.advance(1.1)
        self.assertEqual(self.job.signals, [SIGTERM, 2])
        self.assertEqual(self.successResultOf(first), self.successResultOf(second))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_hurry(self) -> None:
        """
        A stop of a job whose command has exited kills what it left at once.
        """
        self.job.exit(Status(code=0))
        self.assertEqual(self.job.sweeps, 0)
        stopped = self.stop(POLITE)
        self.assertIsNone(self.successResultOf(stopped).stop)
        self.assertEqual((self.job.signals, self.job.sweeps), ([], 1))

    def test_cancelled(self) -> None:
        """
        Who asked need not wait, and leaves nothing to be done.
        """
        stopped = self.stop(POLITE)
        stopped.cancel()
        self.failureResultOf(stopped)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual(self.job.signals, [SIGTERM])

    def test_ended(self) -> None:
        """
        A job that has ended, in memory or not, cannot be stopped.
        """
        self.job.exit(Status(code=0))
        self.clock.advance(1)
        self.failureResultOf(self.stop(POLITE), NotRunning)
        self.failureResultOf(self.roster.stop("x", "bob", POLITE), NoSuchJob)
