"""
A roster in another process, or as good as: both ends of a real unix socket.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from jobworker.changes import Kind
from jobworker.errors import NoSuchJob, NotRunning, RosterUnreachable
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import FORCED, Cause, Phase
from tests.contracts_roster import IRosterTests
from tests.contracts_roster_news import IRosterNewsTests
from tests.doings import COMMANDS, Doing
from tests.links import (
    Supervision,
    makeRemote,
    reactor,
)
from tests.lives import ended
from tests.witnesses import Witness


class RemoteRosterTests(IRosterTests, IRosterNewsTests, TestCase):
    """
    Behind a socket it keeps the contract of a roster.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make both ends.
        """
        self.supervision = Supervision(self)
        self.supervision.listen()
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        return remote


class ReconnectingTests(TestCase):
    """
    A gateway loses its supervisor, and finds it again.
    """

    timeout = 20

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make both ends.
        """
        self.supervision = Supervision(self)
        self.roster = self.supervision.roster
        self.supervision.listen()
        self.remote = makeRemote(self, self.supervision.path)
        await self.remote.whenReady()
        self.witness = Witness()
        await self.remote.subscribe(self.witness)

    async def start(self, doing: Doing) -> str:
        """
        Start a job.

        @return: Its identifier.
        """
        record = await self.remote.start(COMMANDS[doing], "alice")
        return record.identifier

    async def disconnected(self) -> None:
        """
        Take the supervisor away, until the gateway has noticed.
        """
        await self.supervision.close()
        while self.remote.connected:
            await deferLater(reactor, 0.001)

    async def connected(self) -> None:
        """
        Bring it back, until the gateway has noticed.
        """
        self.supervision.listen()
        await self.caughtUp()

    async def caughtUp(self) -> None:
        """
        Wait until the gateway is connected and knows everything.
        """
        follower = "00000000-0000-4000-8000-00000000cafe"
        self.remote.follow(follower)
        before = len(self.witness.grown)
        await self.witness.until(
            lambda: follower in self.witness.grown[before:] and self.remote.connected
        )
        self.remote.unfollow(follower)
        try:
            await self.remote.find(follower)
        except NoSuchJob:
            return
        self.fail("there was such a job")

    async def refused(self, question: Deferred[Any]) -> str:
        """
        Wait for the supervisor to be unreachable.

        @return: The reason.
        """
        try:
            await question
        except RosterUnreachable as error:
            return error.reason
        self.fail("it was answered")
        return None

    async def test_meanwhile(self) -> None:
        """
        Without a supervisor nothing can be done, but what is remembered can be
        found.
        """
        running = await self.start(Doing.SLEEPS)
        ended = await self.start(Doing.FAILS)
        await self.witness.until(
            lambda: Phase.ENDED in self.witness.phases(ended),
        )
        await self.disconnected()
        await self.refused(self.remote.start(COMMANDS[Doing.SLEEPS], "alice"))
        await self.refused(self.remote.stop(running, "alice", FORCED))
        await self.refused(self.remote.delete(ended))
        await self.refused(self.remote.find("1-2-3"))
        self.assertIs((await self.remote.find(running)).phase, Phase.RUNNING)
        self.assertIs((await self.remote.find(ended)).phase, Phase.ENDED)
        self.assertIsNone(self.remote.supervisor)

    async def test_missed(self) -> None:
        """
        What happened meanwhile is told once when the supervisor is back, and
        nothing that was told before.
        """
        same, stopped, gone, deleted = [
            await self.start(Doing.SLEEPS) for _ in range(4)
        ]
        await self.disconnected()
        self.roster.stop(stopped, "bob", FORCED)
        self.roster.stop(gone, "bob", FORCED)
        self.roster.stop(deleted, "bob", FORCED)
        new = (await self.roster.start(COMMANDS[Doing.SLEEPS], "bob")).identifier
        record = await self.roster.find(deleted)
        while record.phase is not Phase.ENDED:
            await deferLater(reactor, 0.01)
            record = await self.roster.find(deleted)
        await self.roster.delete(deleted)
        await self.connected()
        witness = self.witness
        self.assertEqual(len(witness.records[same]), 1)
        for identifier in (stopped, gone):
            self.assertEqual(len(witness.records[identifier]), 2)
            self.assertEqual(
                witness.last(identifier), await self.roster.find(identifier)
            )
        ending = witness.last(deleted).ending
        assert ending is not None
        self.assertIs(ending.cause, Cause.LOST)
        self.assertEqual(len(witness.records[deleted]), 2)
        self.assertEqual(witness.records[new], [await self.roster.find(new)])

    async def test_deletedMeanwhile(self) -> None:
        """
        What had ended before the connection was lost may be deleted when it
        is back, so that nobody relies on what he remembers.
        """
        identifier = await self.start(Doing.FAILS)
        await self.witness.until(lambda: Phase.ENDED in self.witness.phases(identifier))
        await self.disconnected()
        await self.roster.delete(identifier)
        self.assertIs((await self.remote.find(identifier)).phase, Phase.ENDED)
        before = len(self.witness.forgotten)
        await self.connected()
        self.assertEqual(self.witness.forgotten[before:], [None])
        with self.assertRaises(NoSuchJob):
            await self.remote.find(identifier)

    async def test_successor(self) -> None:
        """
        It may be another supervisor that is found again.
        """
        identifier = await self.start(Doing.SLEEPS)
        record = await self.remote.find(identifier)
        await self.disconnected()
        successor = Supervision(self)
        successor.path = self.supervision.path
        last = ended(record, 1, record.started)
        successor.roster.put(last)
        self.supervision = successor
        await self.connected()
        self.assertEqual(self.witness.last(identifier), last)

    async def test_noTimeTravel(self) -> None:
        """
        Nothing can be asked before all is told: a stop cannot be refused
        because the job has ended while the job is still said to run.
        """
        jobs = [await self.start(Doing.SLEEPS) for _ in range(20)]
        await self.disconnected()
        for identifier in jobs:
            self.roster.stop(identifier, "bob", FORCED)
        self.supervision.listen()
        refused = None
        while refused is None:
            try:
                await self.remote.stop(jobs[-1], "alice", FORCED)
            except RosterUnreachable:
                await deferLater(reactor, 0)
            except NotRunning as error:
                refused = error
        self.assertIs(self.witness.last(jobs[-1]).phase, Phase.ENDED)

    async def test_followsMeanwhile(self) -> None:
        """
        Who is followed, and who no longer, while the supervisor tells what
        has happened, is not forgotten.
        """
        first, second = [await self.start(Doing.SLEEPS) for _ in range(2)]
        self.remote.follow(first)
        await self.disconnected()
        told = self.witness.until(lambda: self.witness.last(first).phase is Phase.ENDED)

        def turn(_: None) -> None:
            self.remote.unfollow(first)
            self.remote.follow(second)

        told.addCallback(turn)
        self.roster.stop(first, "bob", FORCED)
        await self.connected()
        await told
        # What was told is done before what is asked then is answered.
        await self.remote.find(second)
        self.assertEqual(+self.roster.followed, {second: 1})

    async def test_follows(self) -> None:
        """
        What was followed is followed again.
        """
        identifier = await self.start(Doing.SLEEPS)
        self.remote.follow(identifier)
        await self.remote.find(identifier)
        self.assertEqual(+self.roster.followed, {identifier: 1})
        await self.disconnected()
        self.assertEqual(+self.roster.followed, {})
        await self.connected()
        self.assertEqual(+self.roster.followed, {identifier: 1})
        before = len(self.witness.grown)
        self.roster.grow(identifier)
        await self.witness.until(lambda: len(self.witness.grown) > before)

    async def test_changesMeanwhile(self) -> None:
        """
        Who reads the journal is told to ask again when the supervisor is back,
        and reads on where he was.
        """
        place = (await self.remote.changes(None, 10)).place
        await self.disconnected()
        await self.refused(self.remote.changes(place, 10))
        await self.roster.start(COMMANDS[Doing.SLEEPS], "bob")
        before = self.witness.journal
        await self.connected()
        self.assertGreater(self.witness.journal, before)
        found = await self.remote.changes(place, 10)
        self.assertEqual([each.kind for each in found.changes], [Kind.STARTED])

    async def test_changesOnce(self) -> None:
        """
        A gateway is told that there are changes once until it asks for them,
        and not at all if it never does.
        """
        for _ in range(3):
            await self.start(Doing.SLEEPS)
        told = self.witness.journal
        await self.start(Doing.SLEEPS)
        await self.remote.changes(None, 10)
        self.assertEqual(self.witness.journal, told)
        for _ in range(3):
            await self.start(Doing.SLEEPS)
        self.assertEqual(self.witness.journal, told + 1)

    async def test_looksAtDisk(self) -> None:
        """
        Without a supervisor, followers are woken again and again.
        """
        identifier = await self.start(Doing.SLEEPS)
        self.remote.follow(identifier)
        await self.disconnected()
        before = len(self.witness.grown)
        await self.witness.until(lambda: len(self.witness.grown) > before + 2)

    async def test_fate(self) -> None:
        """
        When the connection breaks before a start was answered, it is said that
        nobody knows whether the job runs.
        """
        starting = self.remote.start(COMMANDS[Doing.SLEEPS], "alice")
        stopping = self.remote.stop("0-0", "alice", FORCED)
        finding = self.remote.find("0-0")
        self.supervision.hangUp()
        self.assertIn(
            "not known whether the job was started", await self.refused(starting)
        )
        self.assertIn(
            "not known whether the job was stopped", await self.refused(stopping)
        )
        self.assertNotIn("not known", await self.refused(finding))

    async def test_close(self) -> None:
        """
        After the end nothing is asked any more.
        """
        await self.remote.close()
        reason = await self.refused(self.remote.find("1-2-3"))
        self.assertIn("ending", reason)
        await self.supervision.until(lambda: not self.supervision.factory.sessions)

    async def test_forgottenAnswers(self) -> None:
        """
        Who does not wait for an answer any more is not given it.
        """
        starting = self.remote.start(COMMANDS[Doing.SLEEPS], "alice")
        starting.addErrback(lambda _: None)
        starting.cancel()
        await self.witness.until(lambda: bool(self.witness.records))
        self.assertTrue(self.remote.connected)
