"""
The roster with everything real: processes, spools and a table on disk.
"""

from __future__ import annotations

import os
import subprocess
import sys
from signal import SIGKILL, SIGTERM
from uuid import uuid4

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.hosting.belongings import mark
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import FORCED, Cause, Command, Manner, Phase, Record, Status
from jobworker.specification import MARK
from tests.contracts_roster import IRosterTests
from tests.contracts_roster_news import IRosterNewsTests
from tests.creatures import CREATURES
from tests.hosts import descendants, until
from tests.services import Service
from tests.witnesses import Witness


class LocalRosterTests(IRosterTests, IRosterNewsTests, TestCase):
    """
    It keeps the contract of a roster.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make a roster with real parts.
        """
        service = Service(self.mktemp())
        self.addCleanup(lambda: Deferred.fromCoroutine(service.close()))
        await service.roster.recover()
        return service.roster


class EndTests(TestCase):
    """
    Jobs end altogether.
    """

    timeout = 60

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a roster, and listen to it.
        """
        self.service = Service(self.mktemp())
        self.addCleanup(lambda: Deferred.fromCoroutine(self.service.close()))
        self.witness = Witness()
        await self.service.roster.subscribe(self.witness)

    async def start(self, command: Command) -> Record:
        """
        Start a job and wait until it has written something.
        """
        record = await self.service.roster.start(command, "alice")
        await until(lambda: self.service.output(record.identifier))
        return record

    async def ended(self, record: Record) -> Record:
        """
        Wait for the end of a job.
        """
        identifier = record.identifier
        await self.witness.until(lambda: Phase.ENDED in self.witness.phases(identifier))
        return self.witness.last(identifier)

    async def test_forced(self) -> None:
        """
        When a forced stop is answered, nothing of the job is left.
        """
        for name in ("ignores all signals", "multiplies", "changes its environment"):
            record = await self.start(CREATURES[name])
            await self.service.roster.stop(record.identifier, "bob", FORCED)
            self.assertEqual(descendants(), [], name)
            self.assertTrue(self.service.sealed(record.identifier))

    async def test_grace(self) -> None:
        """
        When the grace of a stop is over, nothing is left, either.
        """
        for name in ("ignores all signals", "is stopped", "adopts its orphans"):
            record = await self.start(CREATURES[name])
            manner = Manner(SIGTERM, 0.1)
            await self.service.roster.stop(record.identifier, "bob", manner)
            self.assertEqual(descendants(), [], name)

    async def test_byItself(self) -> None:
        """
        Nor is it when a command has exited, and what held its output had its
        time.
        """
        for name in ("leaves a child behind", "leaves an orphan that holds the pipe"):
            ended = await self.ended(await self.start(CREATURES[name]))
            assert ended.ending is not None
            self.assertEqual(ended.ending.status, Status(code=3))
            self.assertIs(ended.ending.cause, Cause.EXITED)
            self.assertEqual(descendants(), [], name)

    async def test_inTime(self) -> None:
        """
        What is left behind may write until it has had its time.
        """
        await self.service.close()
        self.service = Service(self.mktemp(), linger=30.0)
        await self.service.roster.subscribe(self.witness)
        script = "(sleep 0.05; echo late) & echo early; exit 3"
        ended = await self.ended(await self.start(Command("sh", ("-c", script))))
        self.assertEqual(self.service.output(ended.identifier), b"early\nlate\n")

    async def test_together(self) -> None:
        """
        Many jobs may run at once, and each keeps its own.
        """
        scripts = {n: f"echo {n}; exit {n}" for n in range(40)}
        records = [
            self.service.roster.start(Command("sh", ("-c", script)), "alice")
            for script in scripts.values()
        ]
        for number, starting in enumerate(records):
            ended = await self.ended(await starting)
            self.assertEqual(ended.status, Status(code=number))
            output = self.service.output(ended.identifier)
            self.assertEqual(output, b"%d\n" % number)
        self.assertEqual(descendants(), [])


class RecoveryTests(TestCase):
    """
    What was killed with its service is found and ended by the next one.
    """

    timeout = 60

    async def predecessor(self, *names: str) -> dict[str, int]:
        """
        Have a service start creatures, and kill it.

        @return: The processes by the identifiers of the jobs.
        """
        self.directory = self.mktemp()
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.predecessor", self.directory, *names],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        assert process.stdout is not None
        lines = process.stdout
        self.addCleanup(lines.close)
        jobs = {}
        while (line := await deferToThread(lines.readline)) != "started\n":
            identifier, pid = line.split()
            jobs[identifier] = int(pid)
        process.kill()
        process.wait()
        # What it leaves may be ours now, and would be found by others.
        self.addCleanup(self.living)
        return jobs

    def successor(self) -> Service:
        """
        Make the next service.
        """
        service = Service(self.directory)
        self.addCleanup(lambda: Deferred.fromCoroutine(service.close()))
        return service

    async def test_lost(self) -> None:
        """
        Jobs are ended with all that they had started, their logs are sealed
        at what was written, and they are lost; a bystander is not touched.
        """
        names = ("one", "leaves the session", "forks twice", "is stopped")
        jobs = await self.predecessor(*names, "leaves a child behind")
        bystander = subprocess.Popen(["sleep", "50"], start_new_session=True)
        self.addCleanup(bystander.wait)
        self.addCleanup(bystander.kill)
        service = self.successor()
        await service.roster.recover()
        self.assertEqual(self.living(), [bystander.pid])
        for identifier in jobs:
            record = await service.roster.find(identifier)
            assert record.ending is not None
            self.assertIs(record.ending.cause, Cause.LOST)
            self.assertEqual(service.output(identifier), b"ready\n")
            self.assertTrue(service.sealed(identifier))

    async def test_ownEnvironment(self) -> None:
        """
        A command that has another environment now is found by its process,
        and what is in its session by that.
        """
        jobs = await self.predecessor("changes its own environment")
        (pid,) = jobs.values()
        await until(lambda: mark(pid) is None)
        await self.successor().roster.recover()
        self.assertEqual(self.living(), [])

    async def test_neverStored(self) -> None:
        """
        A job that was not on disk yet is found by its log.
        """
        self.directory = self.mktemp()
        service = self.successor()
        identifier = str(uuid4())
        log = await service.logs.create(identifier)
        log.launched()
        await log.seal()
        process = subprocess.Popen(
            ["sleep", "50"], env={MARK: identifier}, start_new_session=True
        )
        self.addCleanup(process.kill)
        # A process that has just executed its program does not show it yet.
        await until(lambda: mark(process.pid))
        await service.roster.recover()
        self.assertEqual(process.wait(), -SIGKILL)
        self.assertEqual(await service.logs.identifiers(), set())

    async def test_again(self) -> None:
        """
        To recover what was recovered changes nothing.
        """
        (identifier,) = await self.predecessor("one")
        first = self.successor()
        await first.roster.recover()
        record = await first.roster.find(identifier)
        second = self.successor()
        await second.roster.recover()
        self.assertEqual(await second.roster.find(identifier), record)

    def living(self) -> list[int]:
        """
        Reap what died here of the jobs of another, and find what lives.
        """
        for entry in descendants():
            if entry.dead and entry.parent == os.getpid():
                os.waitpid(entry.pid, os.WNOHANG)
        return [entry.pid for entry in descendants() if not entry.dead]
