"""
Jobs that are ended because their time is over, and starts with keys.
"""

from __future__ import annotations

from signal import SIGINT, SIGKILL, SIGTERM

from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import KeyTaken, LaunchFailed, NoRoom
from jobworker.jobs import FORCED, Cause, Command, Ending, Phase, Record, Status
from jobworker.milestones import Milestone
from jobworker.roster.deadlines import Deadlines
from jobworker.specification import Input, Specification
from tests.rosters import RosterTestCase


class DeadlinesTests(SynchronousTestCase):
    """
    Deadlines are kept by a clock that nobody sets.
    """

    def setUp(self) -> None:
        """
        Make a clock that goes, and another one that may be set.
        """
        self.true = Clock()
        self.clock = Clock()
        self.passed: list[tuple[Cause, str]] = []

    def start(self, **wanted: float) -> Deadlines:
        """
        Start the deadlines of a job.
        """
        deadlines = Deadlines(
            self.clock,
            self.true.seconds,
            Specification(**wanted),  # type: ignore[arg-type]
            lambda cause, reason: self.passed.append((cause, reason)),
        )
        deadlines.start()
        return deadlines

    def test_none(self) -> None:
        """
        Without a deadline nothing waits.
        """
        self.start()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_set(self) -> None:
        """
        A clock that is set forward ends nothing early.
        """
        self.start(timeout=10.0)
        self.clock.advance(5000)
        self.assertEqual(self.passed, [])
        self.true.advance(10)
        self.clock.advance(10)
        self.assertEqual(self.passed, [(Cause.TIMED_OUT, "it ran for 10 s")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_cancel(self) -> None:
        """
        What is cancelled does not pass.
        """
        deadlines = self.start(timeout=10.0, idleTimeout=5.0)
        deadlines.cancel()
        deadlines.cancel()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class TimeoutTests(RosterTestCase):
    """
    A job whose time is over is ended.
    """

    def begin(self, specification: Specification) -> Record:
        """
        Start a job that asks for something.
        """
        command = Command("sleep", ("60",), specification)
        record: Record = self.successResultOf(self.roster.start(command, "alice"))
        return record

    def ending(self, record: Record) -> Ending:
        """
        Find out how a job ended.
        """
        last = self.witness.last(record.identifier)
        self.assertIs(last.phase, Phase.ENDED)
        assert last.ending is not None
        return last.ending

    def test_timeout(self) -> None:
        """
        A job ends with its time, however much it writes.
        """
        record = self.begin(Specification(timeout=10.0))
        for _ in range(9):
            self.clock.advance(1)
            self.roster.logGrew(record.identifier)
        self.assertEqual(self.handle(record).signals, [])
        self.clock.pump([1, 1])
        self.assertEqual(self.handle(record).signals, [SIGTERM])
        ending = self.ending(record)
        self.assertIs(ending.cause, Cause.TIMED_OUT)
        self.assertEqual(ending.reason, "it ran for 10 s")
        self.assertEqual(self.stored(record).ending, ending)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_idle(self) -> None:
        """
        A job ends when it has written nothing for its time.
        """
        record = self.begin(Specification(idleTimeout=10.0, timeout=1000.0))
        for _ in range(5):
            self.clock.advance(9)
            self.roster.logGrew(record.identifier)
        self.clock.advance(9)
        self.assertEqual(self.handle(record).signals, [])
        self.clock.pump([1, 1])
        ending = self.ending(record)
        self.assertIs(ending.cause, Cause.IDLE)
        self.assertEqual(ending.reason, "it wrote nothing for 10 s")

    def test_insists(self) -> None:
        """
        A job that does not leave is killed after its grace, or after five
        seconds.
        """
        for wanted, signal, grace in (
            (Specification(timeout=10.0), SIGTERM, 5),
            (Specification(timeout=10.0, stopSignal=SIGINT, stopGrace=2), SIGINT, 2),
        ):
            record = self.begin(wanted)
            self.handle(record).obeys = False
            self.clock.advance(10)
            self.clock.advance(grace - 0.1)
            self.assertEqual(self.handle(record).signals, [signal])
            self.assertEqual(self.handle(record).sweeps, 0)
            self.clock.pump([0.2, 1])
            ending = self.ending(record)
            self.assertIs(ending.cause, Cause.TIMED_OUT)
            self.assertEqual(ending.status, Status(signal=SIGKILL))

    def test_endsFirst(self) -> None:
        """
        Nothing waits for a job that has ended by itself, or was stopped.
        """
        record = self.begin(Specification(timeout=10.0, idleTimeout=5.0))
        self.successResultOf(self.roster.stop(record.identifier, "bob", FORCED))
        self.assertIs(self.ending(record).cause, Cause.STOPPED)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class InputTests(RosterTestCase):
    """
    The input goes to the launcher, and is not kept.
    """

    def test_forgotten(self) -> None:
        """
        The record knows how much it was, and which.
        """
        wanted = Specification(input=Input.of(b"hello"))
        command = Command("cat", (), wanted)
        record = self.successResultOf(self.roster.start(command, "alice"))
        launched = self.handle(record).command.specification.input
        kept = record.command.specification.input
        assert launched is not None
        assert kept is not None
        self.assertEqual(launched.data, b"hello")
        self.assertEqual(kept, launched)
        self.assertIsNone(kept.data)


class KeyTests(RosterTestCase):
    """
    Starts with one key are one start.
    """

    COMMAND = Command("sleep", ("60",), Specification(key="k", input=Input.of(b"x")))

    def test_atOnce(self) -> None:
        """
        Two hundred at once make one job.
        """
        self.launcher.delay = Milestone()
        starts = [self.roster.start(self.COMMAND, "alice") for _ in range(200)]
        self.assertNoResult(starts[0])
        self.launcher.delay.reach(None)
        records = self.successResultOf(gatherResults(starts))
        self.assertEqual(len({record.identifier for record in records}), 1)
        self.assertEqual(len(self.launcher.handles), 1)

    def test_failed(self) -> None:
        """
        A start that has failed leaves its key to the next.
        """
        no = Command("no", (), Specification(key="k"))
        self.failureResultOf(self.roster.start(no, "alice"), LaunchFailed)
        self.refusal = NoRoom("full")
        self.failureResultOf(self.roster.start(self.COMMAND, "alice"), NoRoom)
        self.refusal = None
        self.successResultOf(self.roster.start(self.COMMAND, "alice"))

    def test_full(self) -> None:
        """
        A repeated start is answered though nothing more could be started.
        """
        record = self.successResultOf(self.roster.start(self.COMMAND, "alice"))
        self.refusal = NoRoom("full")
        again = self.successResultOf(self.roster.start(self.COMMAND, "alice"))
        self.assertEqual(again, record)

    def test_otherInput(self) -> None:
        """
        A start with other input is another start, and has no right to the key;
        once the job is deleted, it has.
        """
        record = self.successResultOf(self.roster.start(self.COMMAND, "alice"))
        other = Command("sleep", ("60",), Specification(key="k", input=Input.of(b"y")))
        self.failureResultOf(self.roster.start(other, "alice"), KeyTaken)
        self.successResultOf(self.roster.stop(record.identifier, "a", FORCED))
        self.successResultOf(self.roster.delete(record.identifier))
        self.successResultOf(self.roster.start(other, "alice"))
