"""
The roster of this process, without processes, disks and time.
"""

from __future__ import annotations

from jobworker.errors import (
    LaunchFailed,
    NoRoom,
    NoSuchJob,
    ShuttingDown,
    StillRunning,
    StorageFailed,
)
from jobworker.jobs import (
    Cause,
    Command,
    Phase,
    Status,
)
from jobworker.milestones import Milestone
from tests.contracts import exampleRecord
from tests.rosters import SLEEP, RosterTestCase


class StartTests(RosterTestCase):
    """
    A job is started altogether or not at all.
    """

    def test_onDisk(self) -> None:
        """
        A job that was started is on disk, and listeners were told.
        """
        record = self.start()
        self.assertEqual(self.stored(record), record)
        self.assertEqual(self.witness.records, {record.identifier: [record]})
        self.assertEqual(self.joblog(record).outputs, {})

    def test_cannotLaunch(self) -> None:
        """
        Of a command that cannot be launched nothing is left.
        """
        started = self.roster.start(Command("no"), "alice")
        self.failureResultOf(started, LaunchFailed)
        self.assertNothingLeft()

    def test_cannotLaunchNorRemove(self) -> None:
        """
        Why a command cannot be launched is said though its log cannot be
        removed.
        """
        self.logs.stubborn = True
        started = self.roster.start(Command("no"), "alice")
        self.failureResultOf(started, LaunchFailed)

    def test_cannotLog(self) -> None:
        """
        If there can be no log, nothing is launched.
        """
        self.logs.refusal = OSError(28, "No space left on device")
        started = self.roster.start(SLEEP, "alice")
        failure = self.failureResultOf(started, StorageFailed)
        self.assertIn("No space left", str(failure.value))
        self.assertEqual(self.launcher.handles, {})
        self.assertNothingLeft()

    def test_cannotStore(self) -> None:
        """
        If a job cannot be put on disk, what was launched is killed first.
        """
        self.store.refusal = "disk full"
        started = self.roster.start(SLEEP, "alice")
        self.failureResultOf(started, StorageFailed)
        (handle,) = self.launcher.handles.values()
        self.assertEqual(handle.sweeps, 1)
        self.assertNothingLeft()

    def test_cannotStoreNorSeal(self) -> None:
        """
        That is said at once though the log can only be removed when the disk
        is full no more.
        """
        self.launcher.delay = Milestone()
        self.store.refusal = "disk full"
        started = self.roster.start(SLEEP, "alice")
        (log,) = self.logs.logs.values()
        assert log is not None
        log.full = True
        self.launcher.delay.reach(None)
        self.failureResultOf(started, StorageFailed)
        self.assertEqual([*self.logs.logs.values()], [log])
        log.makeRoom()
        self.assertNothingLeft()

    def test_noRoom(self) -> None:
        """
        If there is no room, nothing is begun.
        """
        self.refusal = NoRoom("1 MB left")
        self.failureResultOf(self.roster.start(SLEEP, "alice"), NoRoom)
        self.assertEqual(self.launcher.handles, {})
        self.assertNothingLeft()

    def test_cancelled(self) -> None:
        """
        A job starts although nobody waits for that any more.
        """
        self.launcher.delay = Milestone()
        started = self.roster.start(SLEEP, "alice")
        started.cancel()
        self.failureResultOf(started)
        self.launcher.delay.reach(None)
        self.assertEqual(self.roster.running(), 1)


class ShutdownTests(RosterTestCase):
    """
    A service ends its jobs before it ends.
    """

    def test_stopAll(self) -> None:
        """
        All jobs are asked to leave, then killed; why, their records say.
        """
        polite, rude = self.start(), self.start()
        self.handle(rude).obeys = False
        done = self.roster.stopAll(5.0, "the service was shut down")
        self.failureResultOf(self.roster.start(SLEEP, "alice"), ShuttingDown)
        self.clock.advance(1)
        self.assertIs(self.stored(polite).phase, Phase.ENDED)
        self.assertNoResult(done)
        self.clock.advance(5)
        self.successResultOf(done)
        for record in (polite, rude):
            ending = self.stored(record).ending
            assert ending is not None
            self.assertIs(ending.cause, Cause.STOPPED)
            self.assertEqual(ending.reason, "the service was shut down")

    def test_starting(self) -> None:
        """
        A job that is just being started is ended, too.
        """
        self.launcher.delay = Milestone()
        started = self.roster.start(SLEEP, "alice")
        done = self.roster.stopAll(5.0, "")
        self.assertNoResult(done)
        self.launcher.delay.reach(None)
        record = self.successResultOf(started)
        self.clock.advance(1)
        self.successResultOf(done)
        self.assertIs(self.stored(record).phase, Phase.ENDED)

    def test_nothing(self) -> None:
        """
        Where there are no jobs there is nothing to wait for.
        """
        self.successResultOf(self.roster.close())
        self.successResultOf(self.roster.stopAll(5.0, ""))
        self.failureResultOf(self.roster.start(SLEEP, "alice"), ShuttingDown)


class RecoveryTests(RosterTestCase):
    """
    What an earlier process left is brought to an end.
    """

    def test_lost(self) -> None:
        """
        Jobs that had not ended are ended by force, their logs are sealed, and
        they are lost; others stay as they are.
        """
        running = exampleRecord(1)
        ended = self.start()
        self.handle(ended).exit(Status(code=0))
        self.clock.advance(1)
        ended = self.stored(ended)
        self.successResultOf(self.store.add(running))
        self.logs.logs[running.identifier] = None
        self.launcher.leftovers = {running.identifier}
        self.successResultOf(self.roster.recover())
        self.assertEqual(self.launcher.leftovers, set())
        self.assertEqual(self.logs.recovered, [running.identifier])
        ending = self.stored(running).ending
        assert ending is not None
        self.assertIs(ending.cause, Cause.LOST)
        self.assertTrue(ending.reason)
        self.assertEqual(self.stored(ended), ended)
        self.assertEqual(set(self.logs.logs), {running.identifier, ended.identifier})

    def test_damagedLog(self) -> None:
        """
        A log that cannot be recovered keeps neither the service from starting
        nor the other logs from being sealed; the reason says so.
        """
        damaged, whole = exampleRecord(1), exampleRecord(2)
        for record in (damaged, whole):
            self.successResultOf(self.store.add(record))
        self.logs.damaged = {damaged.identifier}
        self.successResultOf(self.roster.recover())
        self.assertIn(whole.identifier, self.logs.recovered)
        first, second = self.stored(damaged).ending, self.stored(whole).ending
        assert first is not None and second is not None
        self.assertEqual({first.cause, second.cause}, {Cause.LOST})
        self.assertIn("a frame does not fit", first.reason)
        self.assertNotIn("log", second.reason)

    def test_strays(self) -> None:
        """
        A log without a job is removed, and what runs of the job is killed.
        """
        self.logs.logs["stray"] = None
        self.launcher.leftovers = {"stray"}
        self.successResultOf(self.roster.recover())
        self.assertEqual(self.launcher.leftovers, set())
        self.assertEqual(self.logs.logs, {})

    def test_stubbornStrays(self) -> None:
        """
        A log that cannot be removed does not keep the service from starting.
        """
        self.logs.logs["stray"] = None
        self.logs.stubborn = True
        self.successResultOf(self.roster.recover())
        self.assertIn("stray", self.logs.logs)

    def test_cannotStore(self) -> None:
        """
        If it cannot be stored that a job is lost, that is said.
        """
        self.successResultOf(self.store.add(exampleRecord(1)))
        self.store.refusal = "disk full"
        self.failureResultOf(self.roster.recover(), StorageFailed)


class DeleteTests(RosterTestCase):
    """
    A job that has ended can be forgotten.
    """

    def test_delete(self) -> None:
        """
        With the job goes its log.
        """
        record = self.start()
        self.failureResultOf(self.roster.delete(record.identifier), StillRunning)
        self.handle(record).exit(Status(code=0))
        self.failureResultOf(self.roster.delete(record.identifier), StillRunning)
        self.clock.advance(1)
        self.successResultOf(self.roster.delete(record.identifier))
        self.witness.records.clear()
        self.assertNothingLeft()
        self.failureResultOf(self.roster.find(record.identifier), NoSuchJob)

    def test_stubbornLog(self) -> None:
        """
        A job is forgotten even if its log cannot be removed just now.
        """
        record = self.start()
        self.handle(record).exit(Status(code=0))
        self.clock.advance(1)
        self.logs.stubborn = True
        self.successResultOf(self.roster.delete(record.identifier))
        self.failureResultOf(self.roster.find(record.identifier), NoSuchJob)

    def test_cannotStore(self) -> None:
        """
        If the table refuses, the job is as it was.
        """
        record = self.start()
        self.handle(record).exit(Status(code=0))
        self.clock.advance(1)
        self.store.refusal = "read-only"
        self.failureResultOf(self.roster.delete(record.identifier), StorageFailed)
        self.successResultOf(self.roster.find(record.identifier))
        self.assertIn(record.identifier, self.logs.logs)


class FollowTests(RosterTestCase):
    """
    Listeners hear of the logs that are followed.
    """

    def test_counted(self) -> None:
        """
        A job is followed as long as somebody has not taken that back.
        """
        self.roster.follow("1")
        self.roster.follow("1")
        self.roster.unfollow("1")
        self.logs.grow("1")
        self.logs.grow("2")
        self.roster.unfollow("1")
        self.logs.grow("1")
        self.assertEqual(self.witness.grown, ["1"])

    def test_tooMany(self) -> None:
        """
        To take back more than there was does not change what comes.
        """
        self.roster.unfollow("1")
        self.roster.follow("1")
        self.logs.grow("1")
        self.assertEqual(self.witness.grown, ["1"])
