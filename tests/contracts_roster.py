"""
The contract of a roster, as tests for whoever claims to provide it.

The commands are real ones, so that real processes can keep it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from signal import SIGKILL, SIGTERM, SIGUSR1
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from zope.interface import implementer
from zope.interface.verify import verifyObject

from attrs import define, evolve, field

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from jobworker.changes import Change, JournalPlace, Kind
from jobworker.description import Description, Tally
from jobworker.errors import (
    KeyTaken,
    LaunchFailed,
    NoSuchJob,
    NotRunning,
    PlaceLost,
    StillRunning,
    StopIgnored,
)
from jobworker.interfaces.roster import IRoster, IRosterListener
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
from jobworker.queries import Page, Query
from jobworker.specification import Specification

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


class Doing(Enum):
    """
    What a command does.

    @cvar SUCCEEDS: Exits with 0 at once.
    @cvar FAILS: Exits with 3 at once.
    @cvar KILLS_ITSELF: Ends by SIGKILL at once.
    @cvar LEAVES_CHILD: Exits with 3 at once; a child of it sleeps on.
    @cvar SLEEPS: Runs for a minute, writes nothing, and ends by any signal.
    @cvar WRITES: Runs, writes again and again, and ends by any signal.
    @cvar IGNORES: The same, but ignores SIGTERM once it writes.
    @cvar OBEYS: The same, but exits with 5 on SIGTERM once it writes.
    @cvar CANNOT: Is no program.
    """

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    KILLS_ITSELF = "kills itself"
    LEAVES_CHILD = "leaves a child"
    SLEEPS = "sleeps"
    WRITES = "writes"
    IGNORES = "ignores SIGTERM"
    OBEYS = "obeys SIGTERM"
    CANNOT = "cannot be started"


def _shell(script: str) -> Command:
    return Command("sh", ("-c", script))


_WRITING: Final = "while :; do echo ready; sleep 0.1; done"

COMMANDS: Final[Mapping[Doing, Command]] = {
    Doing.SUCCEEDS: Command("true"),
    Doing.FAILS: _shell("exit 3"),
    Doing.KILLS_ITSELF: _shell("kill -9 $$"),
    Doing.LEAVES_CHILD: _shell("sleep 60 & exit 3"),
    Doing.SLEEPS: Command("sleep", ("60",)),
    Doing.WRITES: _shell(_WRITING),
    Doing.IGNORES: _shell(f"trap '' TERM; {_WRITING}"),
    Doing.OBEYS: _shell(f"trap 'exit 5' TERM; {_WRITING}"),
    Doing.CANNOT: Command("/nonexistent/program", ("-x",)),
}


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


class IRosterTests(_Base):
    """
    What a roster promises.
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

    async def assertRefused(
        self, error: type[Exception], question: Deferred[Any]
    ) -> None:
        """
        Wait for something to fail.
        """
        try:
            answer = await question
        except error:
            return
        self.fail(f"there was no {error.__name__}, but {answer!r}")

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

    async def test_keyTaken(self) -> None:
        """
        A start with the key of a job that was started differently fails.
        """
        wanted = Specification(key="two")
        command = evolve(COMMANDS[Doing.SUCCEEDS], specification=wanted)
        await self.roster.start(command, "alice")
        for different in (
            evolve(COMMANDS[Doing.FAILS], specification=wanted),
            evolve(command, specification=evolve(wanted, name="x")),
        ):
            with self.assertRaises(KeyTaken):
                await self.roster.start(different, "alice")

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
        await self.assertRefused(LaunchFailed, self.roster.start(command, "alice"))
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
        await self.assertRefused(
            NotRunning, self.roster.signal(identifier, "bob", SIGUSR1)
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
        await self.assertRefused(NoSuchJob, signaling)

    async def test_describe(self) -> None:
        """
        A roster says what it is.
        """
        description = await self.roster.describe()
        self.assertIsInstance(description, Description)

    async def test_measure(self) -> None:
        """
        A roster says what it has counted.
        """
        self.assertIsInstance(await self.roster.measure(), Tally)

    async def test_search(self) -> None:
        """
        Jobs are found, the newest first, page by page.
        """
        first = await self.started(Doing.SLEEPS)
        second = await self.started(Doing.FAILS, "bob")
        ended = await self.ended(second)
        running = await self.roster.find(first)
        # There may be jobs of other tests.
        since = running.started
        both = await self.roster.search(Query(after=since))
        self.assertEqual(set(both.records), {running, ended})
        self.assertFalse(both.more)
        newest, oldest = both.records
        self.assertGreaterEqual(newest.started, oldest.started)
        page = await self.roster.search(Query(after=since, limit=1))
        self.assertEqual(page, Page((newest,), True))
        behind = (newest.started, newest.identifier)
        page = await self.roster.search(Query(after=since, limit=1, behind=behind))
        self.assertEqual(page, Page((oldest,)))
        page = await self.roster.search(Query(owner="bob", after=ended.started))
        self.assertEqual(page, Page((ended,)))
        page = await self.roster.search(Query(causes=frozenset(), prefix=first[:9]))
        self.assertEqual(page, Page((running,)))
        await self.stopped(first)

    async def test_changes(self) -> None:
        """
        What happens to a job is told in order, each change once, with the job
        as it was then.
        """
        end = (await self.roster.changes(None, 10)).place
        identifier = await self.started(Doing.FAILS)
        ended = await self.ended(identifier)
        await self.roster.delete(identifier)
        seen: list[Change] = []
        while not seen or seen[-1].kind is not Kind.DELETED:
            found = await self.roster.changes(end, 2)
            self.assertTrue(found.changes)
            seen += found.changes
            end = found.place
        first = seen[0].revision
        revisions = [change.revision for change in seen]
        self.assertEqual(revisions, [*range(first, first + len(seen))])
        # There may be jobs of other tests.
        mine = [change for change in seen if change.record.identifier == identifier]
        kinds = [change.kind for change in mine if change.kind is not Kind.CHANGED]
        self.assertEqual(kinds, [Kind.STARTED, Kind.ENDED, Kind.DELETED])
        told = self.witness.records[identifier]
        self.assertEqual([change.record for change in mine[:-1]], told)
        self.assertEqual(mine[-1].record, ended)

    async def test_changesTold(self) -> None:
        """
        Who has read all changes is told when there are more, whatever they
        are.
        """
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        place = (await self.roster.changes(None, 10)).place
        await self.roster.changes(place, 10)
        before = self.witness.journal
        await self.roster.delete(identifier)
        await self.witness.until(lambda: self.witness.journal > before)
        found = await self.roster.changes(place, 10)
        self.assertEqual([each.kind for each in found.changes], [Kind.DELETED])
        before = self.witness.journal
        await self.started(Doing.FAILS)
        await self.witness.until(lambda: self.witness.journal > before)

    async def test_changesLost(self) -> None:
        """
        Who asks for changes that nobody knows is told so.
        """
        place = JournalPlace("0" * 32, 1)
        await self.assertRefused(PlaceLost, self.roster.changes(place, 10))

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
        identifier = await self.started(Doing.LEAVES_CHILD)
        self.passTime(0)
        await self.reached(identifier, Phase.DRAINING)
        record = await self.stopped(identifier, POLITE)
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
        await self.assertRefused(StopIgnored, stopping)
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
            await self.assertRefused(NotRunning, stopping)
        self.assertEqual(await self.roster.find(identifier), record)

    async def test_unknown(self) -> None:
        """
        What is asked about a job that does not exist is refused.
        """
        identifier = str(uuid4())
        for question in (
            self.roster.find(identifier),
            self.roster.stop(identifier, "alice", FORCED),
            self.roster.delete(identifier),
        ):
            await self.assertRefused(NoSuchJob, question)
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
        await self.assertRefused(NoSuchJob, self.roster.find(identifier))
        await self.assertRefused(NoSuchJob, self.roster.delete(identifier))
        self.assertEqual(witness.forgotten, [identifier])

    async def test_deleteRunning(self) -> None:
        """
        A job that runs cannot be deleted.
        """
        identifier = await self.started(Doing.SLEEPS)
        await self.assertRefused(StillRunning, self.roster.delete(identifier))
        self.assertIs((await self.roster.find(identifier)).phase, Phase.RUNNING)
        await self.stopped(identifier)

    async def test_subscribe(self) -> None:
        """
        A listener is told first of the jobs that have not ended, and then of
        what happens.
        """
        gone = await self.started(Doing.SUCCEEDS)
        await self.ended(gone)
        running = await self.started(Doing.SLEEPS)
        late = Witness()
        await self.roster.subscribe(late)
        self.assertEqual(late.records, {running: [await self.roster.find(running)]})
        record = await self.stopped(running)
        self.assertEqual(late.last(running), record)

    async def test_unsubscribe(self) -> None:
        """
        A listener can be told nothing more, while others are.
        """
        other = Witness()
        await self.roster.subscribe(other)
        self.roster.unsubscribe(other)
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        self.assertEqual(other.records, {})

    async def test_follow(self) -> None:
        """
        Listeners are told of growths while a job is followed, and of its seal.
        """
        identifier = await self.ready(Doing.WRITES)
        self.roster.follow(identifier)
        self.roster.unfollow(identifier)
        before = len(self.witness.grown)
        self.passTime(0.5)
        await self.witness.until(lambda: len(self.witness.grown) > before + 1)
        await self.stopped(identifier)
        self.assertEqual(set(self.witness.grown), {identifier})

    async def test_sealTold(self) -> None:
        """
        Listeners are told that the log of a job that is followed was sealed,
        though it wrote nothing, and are told so before it has ended.
        """
        identifier = await self.started(Doing.SLEEPS)
        self.roster.follow(identifier)
        seen: list[Phase] = []
        waiting = self.witness.until(lambda: identifier in self.witness.grown)
        waiting.addCallback(lambda _: seen.append(self.witness.last(identifier).phase))
        await self.stopped(identifier)
        await waiting
        self.assertNotEqual(seen, [Phase.ENDED])

    async def test_unfollow(self) -> None:
        """
        When nobody follows a job any more, nobody is told of its growth.
        """
        identifier = await self.ready(Doing.WRITES)
        self.roster.unfollow(identifier)
        await self.roster.find(identifier)
        before = len(self.witness.grown)
        self.passTime(0.5)
        await self.stopped(identifier)
        self.assertEqual(len(self.witness.grown), before)

    async def test_notFollowed(self) -> None:
        """
        Nobody is told of growths that nobody wants to hear of.
        """
        await self.ended(await self.started(Doing.FAILS))
        self.assertEqual(self.witness.grown, [])
