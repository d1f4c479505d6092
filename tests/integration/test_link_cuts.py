"""
A connection that breaks at any message, or is of no use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from attrs import define
from google.protobuf.message import Message

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IAddress
from twisted.internet.task import deferLater
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.errors import (
    NoSuchJob,
    NotRunning,
    RosterUnreachable,
    ShuttingDown,
)
from jobworker.interfaces.roster import IRoster, IRosterListener
from jobworker.jobs import (
    FORCED,
    Phase,
)
from jobworker.link.failing import SupervisorFailed
from jobworker.link.line import Line
from jobworker.link.remote import RemoteRoster
from jobworker.link.serving import SessionFactory
from jobworker.link.session import Session
from jobworker.roster.audience import Indifferent
from tests.doings import COMMANDS, Doing
from tests.jobscripts import SCRIPTS
from tests.links import (
    Supervision,
    makeRemote,
    reactor,
)
from tests.memoryroster import MemoryRoster
from tests.witnesses import Witness


@define
class Countdown:
    """
    Counts messages, up to the one that breaks the connection.
    """

    number: int

    def over(self) -> bool:
        """
        Count one; say whether it is the one.
        """
        self.number -= 1
        return self.number == 0


class CutSession(Session):
    """
    A gateway whose connection breaks at a certain message.
    """

    left: Countdown

    def put(self, kind: str, make: Callable[[], Message]) -> None:
        """
        Send a message, or be cut off instead.
        """
        if self.left.over():
            self.transport.abortConnection()
        super().put(kind, make)

    def heard(self, envelope: pb.Envelope) -> None:
        """
        Hear a message, and maybe be cut off before or after.
        """
        if self.left.over():
            self.transport.abortConnection()
            return
        super().heard(envelope)
        if self.left.over():
            self.transport.abortConnection()


class CuttingFactory(SessionFactory):
    """
    Makes gateways that are cut off, once in all.
    """

    left: Countdown

    def buildProtocol(self, addr: IAddress | None) -> Session:
        """
        Make one.
        """
        session = CutSession(self._terms)
        session.left = self.left
        return session


class RefusingRoster(MemoryRoster):
    """
    A roster that says once that something went wrong instead of that somebody
    is told of everything.

    @ivar refusal: What went wrong; C{None} when it was said.
    """

    refusal: Exception | None = None

    def subscribe(self, listener: IRosterListener) -> Deferred[None]:
        """
        Subscribe, or say what went wrong.
        """
        subscribed = super().subscribe(listener)
        refusal, self.refusal = self.refusal, None
        return subscribed if refusal is None else fail(refusal)


class SaidTests(TestCase):
    """
    Whoever reads the log of a gateway knows when it was without a supervisor.
    """

    timeout = 20

    async def test_lost(self) -> None:
        """
        It is logged once that the connection was lost, as a warning, and each
        time that there is one; that the gateway itself hangs up is not.
        """
        said = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        supervision = Supervision(self)
        supervision.listen()
        remote = makeRemote(self, supervision.path)
        await remote.whenReady()
        supervision.hangUp()
        while len(events := self.fromLine(said)) < 3:
            await deferLater(reactor, 0.01)
        levels = [event["log_level"] for event in events]
        self.assertEqual(levels, [LogLevel.info, LogLevel.warn, LogLevel.info])
        self.assertIn("the connection was lost", formatEvent(events[1]))
        await remote.close()
        self.assertEqual(len(self.fromLine(said)), 3)

    def fromLine(self, said: Iterable[LogEvent]) -> list[LogEvent]:
        """
        Find what was logged about the connection.
        """
        name = Line.log.namespace
        return [event for event in said if event["log_namespace"] == name]


class RefusedTests(TestCase):
    """
    A gateway that was refused what it needs hangs up, and connects again.
    """

    timeout = 20

    async def refuse(self, refusal: Exception) -> None:
        """
        Connect to a supervisor that refuses once.
        """
        supervision = Supervision(self)
        roster = RefusingRoster(reactor, SCRIPTS)
        roster.refusal = refusal
        self.addCleanup(roster.close)
        supervision.roster = roster
        supervision.listen()
        await makeRemote(self, supervision.path).whenReady()
        self.assertIsNone(roster.refusal)

    async def test_foreseen(self) -> None:
        """
        It does so where the supervisor says why.
        """
        await self.refuse(ShuttingDown())
        self.assertEqual(len(self.flushLoggedErrors(ShuttingDown)), 1)

    async def test_unforeseen(self) -> None:
        """
        It does so where the supervisor does not know itself.
        """
        await self.refuse(ValueError("unforeseen"))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(len(self.flushLoggedErrors(SupervisorFailed)), 1)


class Deaf(Indifferent):
    """
    A listener that fails once when it is to look, which none may.
    """

    failing: bool = False

    def journalGrew(self) -> None:
        """
        Fail, or do nothing.
        """
        failing, self.failing = self.failing, False
        if failing:
            raise ValueError("deaf")


class DeafTests(TestCase):
    """
    A gateway goes on connecting, whatever becomes of those it tells.
    """

    timeout = 20

    async def test_lost(self) -> None:
        """
        It connects again when somebody failed who was told that the connection
        was lost.
        """
        supervision = Supervision(self)
        supervision.listen()
        remote = makeRemote(self, supervision.path)
        deaf = Deaf()
        await remote.subscribe(deaf)
        deaf.failing = True
        supervision.hangUp()
        await supervision.until(lambda: not supervision.factory.sessions)
        await supervision.until(lambda: bool(supervision.factory.sessions))
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class CutTests(TestCase):
    """
    The connection may break at any message.
    """

    timeout = 60

    async def test_everywhere(self) -> None:
        """
        Wherever the connection breaks, a request is answered or fails as
        unreachable, and in the end the gateway has been told exactly what
        happened.
        """
        number = 0
        unbroken = False
        while not unbroken:
            number += 1
            unbroken = await self.live(Countdown(number))
        self.assertGreater(number, 12)

    async def live(self, left: Countdown) -> bool:
        """
        Start and stop a job over a connection that breaks.

        @return: Whether it did not come to that.
        """
        supervision = Supervision(self)
        truth, witness = Witness(), Witness()
        await supervision.roster.subscribe(truth)
        supervision.listen(kind=CuttingFactory)
        assert isinstance(supervision.factory, CuttingFactory)
        supervision.factory.left = left
        remote = makeRemote(self, supervision.path)
        await remote.subscribe(witness)
        try:
            identifier = (await remote.start(COMMANDS[Doing.SLEEPS], "a")).identifier
            remote.follow(identifier)
            await remote.stop(identifier, "a", FORCED)
        except RosterUnreachable:
            self.assertLessEqual(left.number, 0)
        await self.caughtUp(remote)
        for identifier in truth.records:
            await self.compare(identifier, supervision.roster, truth, witness)
        await remote.close()
        await supervision.close()
        return left.number > 0

    async def compare(
        self, identifier: str, roster: IRoster, truth: Witness, witness: Witness
    ) -> None:
        """
        See that the gateway has been told of the end of a job, once.

        If it does not know it, the job has ended while it was away.
        """

        def ended() -> bool:
            return Phase.ENDED in witness.phases(identifier)

        try:
            await roster.stop(identifier, "b", FORCED)
        except NotRunning:
            if identifier not in witness.records:
                return
        await witness.until(ended)
        self.assertEqual(witness.last(identifier), truth.last(identifier))
        phases = [record.phase for record in witness.records[identifier]]
        self.assertEqual(phases.count(Phase.ENDED), 1)

    async def caughtUp(self, remote: RemoteRoster) -> None:
        """
        Wait until the gateway is connected for good.
        """
        connected = False
        while not connected:
            try:
                await remote.find("00000000-0000-4000-8000-00000000cafe")
            except NoSuchJob:
                connected = True
            except RosterUnreachable:
                await deferLater(reactor, 0.005)
