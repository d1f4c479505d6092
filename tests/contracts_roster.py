"""
The contract of a roster, as tests for whoever claims to provide it: what becomes
of jobs.  L{tests.contracts_roster_news} is about what is told of them.

The commands are real ones, so that real processes can keep it.
"""

from __future__ import annotations

from contextlib import suppress
from signal import SIGKILL, SIGTERM, SIGUSR1
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from zope.interface.verify import verifyObject

from attrs import evolve

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from jobworker.errors import (
    KeyTaken,
    LaunchFailed,
    NoSuchJob,
    NotRunning,
    StillRunning,
    StopIgnored,
)
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import (
    FORCED,
    POLITE,
    Cause,
    Command,
    Manner,
    Phase,
    Record,
    Status,
)
from jobworker.specification import Specification
from tests.doings import COMMANDS, Doing
from tests.witnesses import Witness

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


class RosterCase(_Base):
    """
    A roster, and what tests do with it.
    """

    timeout = 30

    roster: IRoster
    witness: Witness

    async def makeRoster(self) -> IRoster:
        """
        Make a roster without jobs, and see to its end by C{addCleanup}.
        """
        raise NotImplementedError

    def commandThat(self, doing: Doing) -> Command:
        """
        Choose a command by what it does.
        """
        return COMMANDS[doing]

    def passTime(self, seconds: float) -> None:
        """
        Let time pass, where it does not pass by itself.
        """

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a roster, and listen to it.
        """
        self.roster = await self.makeRoster()
        self.witness = Witness()
        await self.roster.subscribe(self.witness)

    async def started(self, doing: Doing, owner: str = "alice") -> str:
        """
        Start a job.

        @return: Its identifier.
        """
        record = await self.roster.start(self.commandThat(doing), owner)
        return record.identifier

    async def ready(self, doing: Doing) -> str:
        """
        Start a job that writes, and wait until it does.

        @return: Its identifier.  It is followed.
        """
        identifier = await self.started(doing)
        self.roster.follow(identifier)
        self.passTime(0.2)
        await self.witness.until(lambda: identifier in self.witness.grown)
        return identifier

    async def ended(self, identifier: str, seconds: float = 30) -> Record:
        """
        Wait for a job to end.

        @param seconds: After how much time it surely has.
        """
        self.passTime(seconds)
        await self.reached(identifier, Phase.ENDED)
        return self.witness.last(identifier)

    async def reached(self, identifier: str, phase: Phase) -> None:
        """
        Wait for a job to be in a phase.
        """
        await self.witness.until(lambda: phase in self.witness.phases(identifier))

    async def stopped(self, identifier: str, manner: Manner = FORCED) -> Record:
        """
        Stop a job, and wait for it.
        """
        stopping = self.roster.stop(identifier, "bob", manner)
        self.passTime(0.5)
        return await stopping

    async def stoppedLate(self, manner: Manner) -> Record:
        """
        Stop a job whose command has exited, and that has not ended.
        """
        while True:
            identifier = await self.started(Doing.LEAVES_CHILD)
            self.passTime(0)
            await self.reached(identifier, Phase.DRAINING)
            # What is left has a moment only, and a roster may be far away: a stop
            # that comes later is refused, and says nothing of one that does not.
            with suppress(NotRunning):
                return await self.stopped(identifier, manner)


class IRosterTests(RosterCase):
    """
    What a roster promises to do.
    """

    def test_interface(self) -> None:
        """
        A roster provides L{IRoster}.
        """
        self.assertTrue(verifyObject(IRoster, self.roster))

    async def test_key(self) -> None:
        """
        Starts of one owner with one key are one job, those at once and those
        after its end; another owner has another one.
        """
        command = evolve(
            COMMANDS[Doing.SUCCEEDS], specification=Specification(key="one")
        )
        records = await gatherResults(
            [self.roster.start(command, "alice") for _ in range(20)]
        )
        self.assertEqual(len({record.identifier for record in records}), 1)
        other = await self.roster.start(command, "bob")
        await self.ended(other.identifier)
        self.assertEqual(
            (await self.roster.start(command, "bob")).identifier, other.identifier
        )
        self.assertNotEqual(other.identifier, records[0].identifier)
        await self.ended(records[0].identifier)

    async def test_keyTaken(self) -> None:
        """
        A start with the key of a job that was started differently fails.
        """
        wanted = Specification(key="two")
        command = evolve(COMMANDS[Doing.SUCCEEDS], specification=wanted)
        record = await self.roster.start(command, "alice")
        for different in (
            evolve(COMMANDS[Doing.FAILS], specification=wanted),
            evolve(command, specification=evolve(wanted, name="x")),
        ):
            with self.assertRaises(KeyTaken):
                await self.roster.start(different, "alice")
        await self.ended(record.identifier)

    async def test_start(self) -> None:
        """
        A job that was started has what it was started with, and is found.
        """
        command = self.commandThat(Doing.SLEEPS)
        record = await self.roster.start(command, "alice é")
        self.assertEqual((record.command, record.owner), (command, "alice é"))
        self.assertIs(record.phase, Phase.RUNNING)
        self.assertGreater(record.process.pid, 0)
        self.assertEqual(await self.roster.find(record.identifier), record)
        self.assertEqual(self.witness.records[record.identifier], [record])
        await self.stopped(record.identifier)

    async def test_different(self) -> None:
        """
        Each job has an identifier of its own, even with the same command.
        """
        identifiers = {await self.started(Doing.SUCCEEDS) for _ in range(5)}
        self.assertEqual(len(identifiers), 5)
        for identifier in identifiers:
            await self.ended(identifier)

    async def test_cannotStart(self) -> None:
        """
        Of a command that cannot be started there is no job.
        """
        command = self.commandThat(Doing.CANNOT)
        await self.assertFailure(self.roster.start(command, "alice"), LaunchFailed)
        self.assertEqual(self.witness.records, {})

    async def test_exits(self) -> None:
        """
        A command that exits by itself ends its job with its code.
        """
        for doing, code in ((Doing.SUCCEEDS, 0), (Doing.FAILS, 3)):
            identifier = await self.started(doing)
            record = await self.ended(identifier)
            assert record.ending is not None
            self.assertIs(record.ending.cause, Cause.EXITED)
            self.assertEqual(record.ending.status, Status(code=code))
            self.assertEqual(await self.roster.find(identifier), record)

    async def test_signaled(self) -> None:
        """
        A command that a signal ends for which nobody asked says so.
        """
        record = await self.ended(await self.started(Doing.KILLS_ITSELF))
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.SIGNALED)
        self.assertEqual(record.ending.status, Status(signal=SIGKILL))

    async def test_signal(self) -> None:
        """
        A signal that ends a command ends its job, and is the cause.
        """
        identifier = await self.started(Doing.SLEEPS)
        record = await self.roster.signal(identifier, "bob", SIGUSR1)
        self.assertIs(record.phase, Phase.RUNNING)
        record = await self.ended(identifier)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.SIGNALED)
        self.assertEqual(record.ending.status, Status(signal=SIGUSR1))
        await self.assertFailure(
            self.roster.signal(identifier, "bob", SIGUSR1), NotRunning
        )

    async def test_signalIgnored(self) -> None:
        """
        A job goes on after a signal that its command ignores, and exits by
        itself if that is what its command makes of it.
        """
        identifier = await self.ready(Doing.IGNORES)
        await self.roster.signal(identifier, "bob", SIGTERM)
        record = await self.stopped(identifier)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)
        identifier = await self.ready(Doing.OBEYS)
        await self.roster.signal(identifier, "bob", SIGTERM)
        record = await self.ended(identifier)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.EXITED)
        self.assertEqual(record.ending.status, Status(code=5))

    async def test_signalUnknown(self) -> None:
        """
        A job that does not exist gets no signal.
        """
        signaling = self.roster.signal(str(uuid4()), "bob", SIGTERM)
        await self.assertFailure(signaling, NoSuchJob)

    async def test_phases(self) -> None:
        """
        Listeners are told of each phase, in order, but perhaps not of one
        that was over at once.
        """
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        phases = self.witness.phases(identifier)
        self.assertEqual(
            [phase for phase in phases if phase is not Phase.DRAINING],
            [Phase.RUNNING, Phase.ENDED],
        )
        self.assertIs(phases[-1], Phase.ENDED)

    async def test_leftBehind(self) -> None:
        """
        A job ends though its command left something behind, and it ends as
        its command did.
        """
        record = await self.ended(await self.started(Doing.LEAVES_CHILD))
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.EXITED)
        self.assertEqual(record.ending.status, Status(code=3))

    async def test_stopLeftBehind(self) -> None:
        """
        To stop a job whose command has exited ends what it left behind, and
        does not change how the job ended.
        """
        record = await self.stoppedLate(POLITE)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.EXITED)
        self.assertEqual(record.ending.status, Status(code=3))
        self.assertIsNone(record.stop)

    async def test_stop(self) -> None:
        """
        A polite stop ends a job by SIGTERM, and is answered when it has ended.
        """
        identifier = await self.started(Doing.SLEEPS)
        record = await self.stopped(identifier, POLITE)
        assert record.ending is not None and record.stop is not None
        self.assertIs(record.phase, Phase.ENDED)
        self.assertIs(record.ending.cause, Cause.STOPPED)
        self.assertEqual(record.ending.status, Status(signal=SIGTERM))
        self.assertEqual((record.stop.by, record.stop.manner), ("bob", POLITE))
        self.assertEqual(self.witness.last(identifier), record)
        self.assertEqual(await self.roster.find(identifier), record)

    async def test_stopForced(self) -> None:
        """
        A forced stop ends a job by SIGKILL, whatever it ignores.
        """
        for doing in (Doing.SLEEPS, Doing.IGNORES):
            record = await self.stopped(await self.started(doing), FORCED)
            assert record.ending is not None
            self.assertIs(record.ending.cause, Cause.STOPPED)
            self.assertEqual(record.ending.status, Status(signal=SIGKILL))

    async def test_stopBySignal(self) -> None:
        """
        A stop sends the signal that was asked for.
        """
        identifier = await self.started(Doing.SLEEPS)
        record = await self.stopped(identifier, Manner(SIGUSR1, 10.0))
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)
        self.assertEqual(record.ending.status, Status(signal=SIGUSR1))

    async def test_stopObeyed(self) -> None:
        """
        A command may leave a stop with a code of its own.
        """
        record = await self.stopped(await self.ready(Doing.OBEYS), POLITE)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)
        self.assertEqual(record.ending.status, Status(code=5))

    async def test_stopIgnored(self) -> None:
        """
        A job that ignores a polite stop goes on, and can be stopped again;
        the first stop is the cause.
        """
        identifier = await self.ready(Doing.IGNORES)
        stopping = self.roster.stop(identifier, "alice", POLITE)
        self.passTime(2)
        await self.assertFailure(stopping, StopIgnored)
        self.assertIs((await self.roster.find(identifier)).phase, Phase.RUNNING)
        record = await self.stopped(identifier, FORCED)
        assert record.ending is not None and record.stop is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)
        self.assertEqual(record.ending.status, Status(signal=SIGKILL))
        self.assertEqual(record.stop.by, "alice")

    async def test_stopGrace(self) -> None:
        """
        A job that ignores a stop is killed when the grace that was set is
        over.
        """
        identifier = await self.ready(Doing.IGNORES)
        record = await self.stopped(identifier, Manner(SIGTERM, 0.2))
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)
        self.assertEqual(record.ending.status, Status(signal=SIGKILL))

    async def test_stopsMeet(self) -> None:
        """
        Stops that meet are all answered, and the first is the cause.
        """
        identifier = await self.ready(Doing.IGNORES)
        stopping = [
            self.roster.stop(identifier, by, manner)
            for by, manner in (("alice", POLITE), ("bob", FORCED), ("carol", FORCED))
        ]
        self.passTime(0.5)
        records = [await each for each in stopping]
        self.assertEqual(records, [records[0]] * 3)
        assert records[0].stop is not None
        self.assertEqual(records[0].stop.by, "alice")

    async def test_stopCancelled(self) -> None:
        """
        Who asked for a stop need not wait for it.
        """
        identifier = await self.started(Doing.SLEEPS)
        stopping = self.roster.stop(identifier, "alice", POLITE)
        outcome = stopping.addErrback(lambda failure: None)
        stopping.cancel()
        await outcome
        record = await self.ended(identifier)
        assert record.ending is not None
        self.assertIs(record.ending.cause, Cause.STOPPED)

    async def test_stopEnded(self) -> None:
        """
        A job that has ended cannot be stopped.
        """
        identifier = await self.started(Doing.SUCCEEDS)
        record = await self.ended(identifier)
        for manner in (POLITE, FORCED):
            stopping = self.roster.stop(identifier, "alice", manner)
            await self.assertFailure(stopping, NotRunning)
        self.assertEqual(await self.roster.find(identifier), record)

    async def test_unknown(self) -> None:
        """
        What is asked about a job that does not exist is refused.
        """
        identifier = str(uuid4())
        questions: list[Deferred[Any]] = [
            self.roster.find(identifier),
            self.roster.stop(identifier, "alice", FORCED),
            self.roster.delete(identifier),
        ]
        for question in questions:
            await self.assertFailure(question, NoSuchJob)
        self.roster.follow(identifier)
        self.roster.unfollow(identifier)

    async def test_delete(self) -> None:
        """
        A job that was deleted is not found, and cannot be deleted again.
        """
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        witness = Witness()
        await self.roster.subscribe(witness)
        await self.roster.delete(identifier)
        await self.assertFailure(self.roster.find(identifier), NoSuchJob)
        await self.assertFailure(self.roster.delete(identifier), NoSuchJob)
        self.assertEqual(witness.forgotten, [identifier])

    async def test_deleteRunning(self) -> None:
        """
        A job that runs cannot be deleted.
        """
        identifier = await self.started(Doing.SLEEPS)
        await self.assertFailure(self.roster.delete(identifier), StillRunning)
        self.assertIs((await self.roster.find(identifier)).phase, Phase.RUNNING)
        await self.stopped(identifier)
