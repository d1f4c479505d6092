"""
Gateways of all kinds, and one supervisor.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from attrs import evolve

from twisted.internet.testing import EventLoggingObserver
from twisted.internet.utils import getProcessOutput
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import TestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.description import Description
from jobworker.errors import (
    BadConfiguration,
    LaunchFailed,
    NoSuchJob,
    TooOld,
)
from jobworker.jobs import (
    FORCED,
    Command,
    Phase,
)
from jobworker.link.conversing import pack
from jobworker.link.framing import Deframer
from jobworker.link.greeting import Greeting
from jobworker.link.remote import RemoteRoster
from jobworker.queries import Query
from jobworker.specification import Specification
from tests.contracts import exampleRecord
from tests.doings import COMMANDS, Doing
from tests.jobscripts import Script
from tests.links import (
    HELLO,
    NONSENSE,
    Supervision,
    connectRaw,
    makeRemote,
    reactor,
)
from tests.witnesses import Witness


class ManyGatewaysTests(TestCase):
    """
    Gateways do not disturb each other.
    """

    timeout = 20

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a supervisor.
        """
        self.supervision = Supervision(self)

    async def gateway(self) -> tuple[RemoteRoster, Witness]:
        """
        Make a gateway.
        """
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        witness = Witness()
        await remote.subscribe(witness)
        return remote, witness

    async def test_two(self) -> None:
        """
        Each gateway is told of what the other does, but of growth only where
        it follows.
        """
        self.supervision.listen()
        here, seen = await self.gateway()
        there, watched = await self.gateway()
        record = await here.start(COMMANDS[Doing.WRITES], "alice")
        identifier = record.identifier
        await watched.until(lambda: identifier in watched.records)
        here.follow(identifier)
        await seen.until(lambda: identifier in seen.grown)
        await there.stop(identifier, "bob", FORCED)
        await seen.until(lambda: Phase.ENDED in seen.phases(identifier))
        self.assertEqual(watched.grown, [])

    async def test_slow(self) -> None:
        """
        A gateway that does not read is disconnected when too much waits for
        it, and the others are told everything.
        """
        self.supervision.listen(most=100)
        _, witness = await self.gateway()
        stalled = await connectRaw(self.supervision.path)
        stalled.transport.write(HELLO)
        stalled.transport.write(
            pack("request", pb.Request(number=1, subscribe=pb.Subscribe()))
        )
        await self.supervision.until(
            lambda: len(self.supervision.factory.sessions) == 2
        )
        stalled.transport.pauseProducing()
        lost = self.supervision.until(
            lambda: len(self.supervision.factory.sessions) == 1
        )
        number = 0
        while not lost.called:
            record = exampleRecord(number, command=Command("x" * 50_000))
            self.supervision.roster.put(record)
            await witness.until(lambda: len(witness.records) == number + 1)  # noqa: B023
            number += 1
        self.assertEqual(len(witness.records), number)
        stalled.transport.resumeProducing()
        await stalled.gone

    async def test_burst(self) -> None:
        """
        Much at once is no reason to disconnect who reads.
        """
        self.supervision.listen(most=1000)
        _, witness = await self.gateway()
        for number in range(900):
            self.supervision.roster.put(
                exampleRecord(number, command=Command("x" * 10_000))
            )
        await witness.until(lambda: len(witness.records) == 900)
        self.assertEqual(len(self.supervision.factory.sessions), 1)

    async def test_large(self) -> None:
        """
        A command line as long as a request can be goes through, and a longer
        one is refused and disturbs nobody.
        """
        self.supervision.listen()
        remote, witness = await self.gateway()
        for length, reason in (
            (4 * 2**20, "script"),
            (8 * 2**20 - 1000, "too long"),
            (9 * 2**20, "too long"),
        ):
            command = Command("x" * length)
            try:
                await remote.start(command, "alice")
            except LaunchFailed as error:
                self.assertIn(reason.replace("script", "not found"), error.reason)
        command = Command("x" * 4 * 2**20)
        self.supervision.roster.scripts = {command: Script()}
        record = await remote.start(command, "alice")
        self.assertEqual(record.command, command)
        self.assertEqual(witness.last(record.identifier), record)

    async def test_unforeseen(self) -> None:
        """
        What the roster did not foresee is logged there, and fails here.
        """
        self.supervision.listen()
        remote, _ = await self.gateway()
        self.supervision.roster.refusal = KeyError("oops")
        try:
            await remote.start(COMMANDS[Doing.SLEEPS], "alice")
        except Exception as error:  # noqa: BLE001
            self.assertIn("Supervisor", repr(error))
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)


class RefusalTests(TestCase):
    """
    Who does not fit is told so.
    """

    timeout = 20

    async def refusal(self, **changes: Any) -> str:
        """
        Try to be a gateway.

        @return: Why that is not possible.
        """
        remote = makeRemote(self, self.supervision.path, **changes)
        try:
            await remote.whenReady()
        except BadConfiguration as error:
            return error.reason
        self.fail("it was taken in")
        return None

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a supervisor.
        """
        self.supervision = Supervision(self)

    async def test_versions(self) -> None:
        """
        A gateway that speaks newer or older versions only is refused in words
        which say what to do.
        """
        self.supervision.listen(greeting=Greeting(3, 4, "0.3", pid=7))
        for oldest, newest, package in ((1, 2, "0.1"), (5, 6, "0.5")):
            reason = await self.refusal(greeting=Greeting(oldest, newest, package))
            self.assertIn("restart the older", reason)
            self.assertIn(package, reason)
            self.assertIn("0.3", reason)

    async def test_common(self) -> None:
        """
        One version in common is enough.
        """
        self.supervision.listen(greeting=Greeting(3, 5))
        for oldest, newest in ((1, 3), (5, 9), (4, 4)):
            remote = makeRemote(
                self, self.supervision.path, greeting=Greeting(oldest, newest)
            )
            await remote.whenReady()

    async def test_olderSupervisor(self) -> None:
        """
        What an older supervisor cannot do is said, and the rest goes on.
        """
        self.supervision.listen(greeting=Greeting(package="0.1"))
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        with self.assertRaises(TooOld) as caught:
            await remote.search(Query())
        self.assertIn("jobworker 0.1,", str(caught.exception))
        with self.assertRaises(TooOld):
            await remote.signal("00000000-0000-4000-8000-00000000cafe", "bob", 15)
        with self.assertRaises(TooOld):
            await remote.measure()
        with self.assertRaises(TooOld):
            await remote.changes(None, 10)
        self.assertEqual(await remote.describe(), Description("0.1"))
        with self.assertRaises(NoSuchJob):
            await remote.find("00000000-0000-4000-8000-00000000cafe")

    async def test_filters(self) -> None:
        """
        A supervisor that would pass over labels and names is not asked for
        jobs that have them.
        """
        greeting = Greeting(capabilities=frozenset({"search"}))
        self.supervision.listen(greeting=greeting)
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        for query in (Query(name="a"), Query(labels=(("a", None),))):
            with self.assertRaises(TooOld):
                await remote.search(query)
        await remote.search(Query())

    async def test_lesser(self) -> None:
        """
        A supervisor that knows no specifications is not asked for what it
        would ignore; all else it is asked for as ever.
        """
        self.supervision.listen(greeting=Greeting())
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        command = COMMANDS[Doing.SLEEPS]
        with self.assertRaises(TooOld):
            wanted = Specification(timeout=1.0)
            await remote.start(evolve(command, specification=wanted), "alice")
        record = await remote.start(command, "alice")
        self.assertEqual(record.command, command)

    async def test_users(self) -> None:
        """
        One that knows no users of jobs is not asked for a job that has one.
        """
        capabilities = frozenset({"specification"})
        self.supervision.listen(greeting=Greeting(capabilities=capabilities))
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        command = COMMANDS[Doing.SLEEPS]
        with self.assertRaises(TooOld) as caught:
            wanted = Specification(user="nobody")
            await remote.start(evolve(command, specification=wanted), "alice")
        self.assertIn("as another user", str(caught.exception))
        wanted = Specification(name="a")
        await remote.start(evolve(command, specification=wanted), "alice")

    async def test_secrets(self) -> None:
        """
        What variables are set to is told to nobody, though the roster has it.
        """
        self.supervision.listen()
        remote = makeRemote(self, self.supervision.path)
        await remote.whenReady()
        wanted = Specification(environment={"A": "secret", "B": None})
        command = evolve(COMMANDS[Doing.SLEEPS], specification=wanted)
        record = await remote.start(command, "alice")
        page = await remote.search(Query())
        found = await remote.find(record.identifier)
        place = (await remote.changes(None, 1)).place
        behind = evolve(place, revision=0)
        (change,) = (await remote.changes(behind, 10)).changes
        for told in (record, found, change.record, *page.records):
            self.assertEqual(told.command.specification, wanted.public())
        kept = await self.supervision.roster.find(record.identifier)
        self.assertEqual(kept.command, command)

    async def test_stranger(self) -> None:
        """
        A user who is not permitted is refused, and told so.
        """
        self.supervision.listen(permitted=frozenset({os.getuid() + 1}))
        reason = await self.refusal()
        self.assertIn(f"user {os.getuid()} may not", reason)

    async def test_otherUser(self) -> None:
        """
        The kernel says which user it is.
        """
        if os.getuid() != 0:
            self.skipTest("only root can be somebody else")
        os.chmod(self.supervision.directory, 0o755)
        self.supervision.listen()
        os.chmod(self.supervision.path, 0o666)
        program = (
            "import os, socket, sys; os.setuid(65534); "
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
            "sys.stdout.buffer.write(s.makefile('rb').read())"
        )
        said = await getProcessOutput(
            sys.executable,
            ["-c", program, self.supervision.path],
            os.environ,
            reactor=reactor,
        )
        *_, last = map(pb.Envelope.FromString, Deframer().feed(said))
        self.assertIn(b"user 65534 may not", last.refusal.reason)
        self.assertEqual(self.supervision.factory.sessions, set())


class NonsenseTests(TestCase):
    """
    Whatever is sent to it, a supervisor goes on.
    """

    timeout = 30

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a supervisor and a gateway that behaves.
        """
        self.supervision = Supervision(self)
        self.supervision.listen()
        self.remote = makeRemote(self, self.supervision.path)
        await self.remote.whenReady()

    async def alive(self) -> None:
        """
        See that others are served as before.
        """
        try:
            await self.remote.find("00000000-0000-4000-8000-00000000cafe")
        except NoSuchJob:
            return
        self.fail("there was such a job")

    async def test_nonsense(self) -> None:
        """
        Who talks nonsense is disconnected, with one line in the log.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        for what, data in NONSENSE.items():
            gateway = await connectRaw(self.supervision.path)
            gateway.transport.write(data)
            await gateway.gone
            await self.alive()
            lines = [
                event["why"]
                for event in observer
                if event["log_level"] is LogLevel.warn
            ]
            self.assertEqual(len(lines), 1, what)
            self.assertIn("nonsense", lines[0])
            observer._events.clear()
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_halfMessages(self) -> None:
        """
        Who leaves in the middle of a message leaves nothing behind.
        """
        start = pb.Start(command=pb.Command(program=b"sleep"), owner=b"x")
        data = HELLO + pack("request", pb.Request(number=1, start=start))
        for length in range(len(data)):
            gateway = await connectRaw(self.supervision.path)
            gateway.transport.write(data[:length])
            gateway.transport.loseConnection()
            await gateway.gone
        await self.alive()
        await self.supervision.until(
            lambda: len(self.supervision.factory.sessions) == 1
        )
