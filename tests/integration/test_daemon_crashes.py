"""
A supervisor, or a gateway, that dies wherever it can.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import chain

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.crashing import GATEWAY, SUPERVISOR, VARIABLE
from jobworker.daemon.state import StateDirectory
from jobworker.errors import (
    BadConfiguration,
    NoSuchJob,
    NotRunning,
    RosterUnreachable,
)
from jobworker.hosting.belongings import mark
from jobworker.hosting.census import everybody, look
from jobworker.jobs import FORCED, Cause, Phase, Record
from jobworker.link.remote import RemoteRoster
from tests.doings import COMMANDS, Doing
from tests.hosts import until
from tests.supervisors import makeGateway, makeState, reactor, supervisors
from tests.witnesses import Witness

#: Places that only a supervisor comes to which has a predecessor's jobs.
RECOVERING = {"recovery-ended", "recovery-sealed", "recovery-stored"}

#: Places that it comes to before it can be used.
EARLY = RECOVERING | {"supervisor-locked", "supervisor-listening"}


#: Those that are tried when C{JOBWORKER_EVERY_CRASH} is not set: it takes about
#: two seconds for each.
FEW = {"job-stored", "recovery-stored", "spool-moved", "start-launched"}


@define(eq=False)
class Ordeal:
    """
    What is done to one supervisor.

    @ivar answered: The records that somebody was answered with.
    @ivar deleted: The jobs of which it was answered that they are deleted.
    """

    case: TestCase
    state: StateDirectory
    point: str
    witness: Witness = field(factory=Witness)
    answered: list[Record] = field(factory=list)
    deleted: set[str] = field(factory=set)

    async def prepare(self) -> None:
        """
        Leave a job that runs to the supervisor which is to die.
        """
        remote = await self.connect()
        self.answered.append(await remote.start(COMMANDS[Doing.WRITES], "alice"))
        (pid,) = supervisors(self.state)
        await remote.close()
        os.kill(pid, signal.SIGKILL)
        await until(lambda: not supervisors(self.state))

    async def connect(self, crash: str = "") -> RemoteRoster:
        """
        Connect to a supervisor.
        """
        remote = makeGateway(self.case, self.state, crash=crash)
        await remote.whenReady()
        await remote.subscribe(self.witness)
        return remote

    async def connectToDying(self) -> RemoteRoster:
        """
        Connect to the supervisor that is to die, or to its successor.
        """
        try:
            remote = await self.connect(self.point)
        except BadConfiguration:
            self.case.assertIn(self.point, EARLY)
            return await self.connect()
        self.case.assertNotIn(self.point, EARLY)
        return remote

    async def ask(self, question: Deferred[Record]) -> Record | None:
        """
        Ask for something, and take no answer for one.
        """
        try:
            answer = await question
        except (RosterUnreachable, NoSuchJob, NotRunning):
            return None
        self.answered.append(answer)
        return answer

    async def work(self, remote: RemoteRoster) -> None:
        """
        Have the supervisor do everything that it can.
        """
        for doing in (Doing.WRITES, Doing.FAILS, Doing.SLEEPS):
            record = await self.ask(remote.start(COMMANDS[doing], "alice"))
            await self.back(remote)
            if record is None:
                continue
            identifier = record.identifier
            if doing is Doing.WRITES:
                await self.written(remote, identifier)
            if doing is not Doing.FAILS:
                await self.ask(remote.stop(identifier, "bob", FORCED))
                await self.back(remote)
            await self.witness.until(
                lambda: Phase.ENDED in self.witness.phases(identifier)  # noqa: B023
            )
        await self.delete(remote, identifier)

    async def written(self, remote: RemoteRoster, identifier: str) -> None:
        """
        Wait until a job has written something, or the supervisor has died.
        """
        remote.follow(identifier)
        await self.witness.until(lambda: identifier in self.witness.grown)
        remote.unfollow(identifier)
        await self.back(remote)

    async def delete(self, remote: RemoteRoster, identifier: str) -> None:
        """
        Delete a job.
        """
        try:
            await remote.delete(identifier)
        except (RosterUnreachable, NoSuchJob):
            await self.back(remote)
        self.deleted.add(identifier)

    async def back(self, remote: RemoteRoster) -> None:
        """
        Wait for the successor, if there is to be one.
        """
        known = False
        while not known:
            try:
                await remote.find("00000000-0000-4000-8000-000000000000")
            except NoSuchJob:
                known = True
            except RosterUnreachable:
                await deferLater(reactor, 0.01)

    async def check(self, remote: RemoteRoster) -> None:
        """
        See that what was said is so, and that nothing is left over.
        """
        said = [*self.answered, *chain(*self.witness.records.values())]
        for record in said:
            if record.identifier in self.deleted:
                continue
            found = await remote.find(record.identifier)
            assert found.ending is not None, f"{self.point}: it goes on"
            if record.phase is Phase.ENDED:
                self.case.assertEqual(found, record, self.point)
            self.case.assertEqual(found.process, record.process, self.point)
            lost = found.ending.cause is Cause.LOST
            self.case.assertTrue(found.ending.reason or not lost)
        stored = self.stored()
        logs = {
            name
            for shelf in os.listdir(self.state.logs)
            for name in os.listdir(os.path.join(self.state.logs, shelf))
        }
        self.case.assertLessEqual(self.deleted & stored, set(), self.point)
        self.case.assertEqual(logs, stored, self.point)
        self.case.assertEqual(self.alive(), [], self.point)

    def stored(self) -> set[str]:
        """
        Read which jobs are in the table.
        """
        with closing(sqlite3.connect(self.state.table)) as connection:
            return {name for (name,) in connection.execute("SELECT id FROM job")}

    def alive(self) -> list[int]:
        """
        Find processes of jobs.
        """
        ours = {record.identifier for record in self.answered}
        ours |= self.stored() | set(self.witness.records)
        found = []
        for pid in everybody():
            entry = look(pid)
            if entry is not None and not entry.dead and mark(pid) in ours:
                found.append(pid)
        return found


class CrashTests(TestCase):
    """
    Nothing that a supervisor has said is lost when it dies, and nothing is
    left of what it has not.
    """

    timeout = 120

    async def suffer(self, point: str) -> None:
        """
        Let a supervisor die at one place.
        """
        ordeal = Ordeal(self, makeState(self), point)
        if point in RECOVERING:
            await ordeal.prepare()
        remote = await ordeal.connectToDying()
        if point not in EARLY:
            (first,) = supervisors(ordeal.state)
            if point != "supervisor-stopping":
                await ordeal.work(remote)
            else:
                await ordeal.ask(remote.start(COMMANDS[Doing.SLEEPS], "alice"))
                os.kill(first, signal.SIGTERM)
                await until(lambda: first not in supervisors(ordeal.state))
                await ordeal.back(remote)
            self.assertNotIn(first, supervisors(ordeal.state), point)
        await ordeal.check(remote)


#: A gateway that runs a job to its end.
GATEWAY_PROGRAM = """
import sys
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from jobworker.daemon.starting import SupervisorEndpoint
from jobworker.daemon.state import StateDirectory
from jobworker.jobs import FORCED, Command
from jobworker.link.remote import RemoteRoster

async def live(reactor):
    state = StateDirectory(sys.argv[1])
    remote = RemoteRoster(reactor, SupervisorEndpoint(reactor, state))
    remote.open()
    await remote.whenReady()
    record = await remote.start(Command("sleep", ("60",)), "alice")
    await remote.stop(record.identifier, "alice", FORCED)
    await remote.close()

react(lambda reactor: Deferred.fromCoroutine(live(reactor)))
"""


class GatewayCrashTests(TestCase):
    """
    A supervisor does not mind how its gateways die.
    """

    timeout = 120

    async def test_everywhere(self) -> None:
        """
        Whatever a gateway was doing, the next one finds everything in order.
        """
        state = makeState(self)
        # While there is no supervisor yet, those come first.
        first = ["gateway-spawn", "gateway-spawned"]
        for point in [*first, *sorted(GATEWAY - set(first)), ""]:
            ended = await deferToThread(runGateway, state, point)
            self.assertEqual(ended.returncode, -signal.SIGKILL if point else 0, point)
            self.assertEqual(ended.stderr, b"")
        (pid,) = supervisors(state)
        remote = makeGateway(self, state)
        await remote.whenReady()
        greeting = remote.supervisor
        assert greeting is not None
        self.assertEqual(greeting.pid, pid)
        witness = Witness()
        await remote.subscribe(witness)
        for identifier in witness.records:
            await remote.stop(identifier, "alice", FORCED)


def runGateway(state: StateDirectory, point: str) -> subprocess.CompletedProcess[bytes]:
    """
    Run a gateway that dies somewhere.
    """
    return subprocess.run(
        [sys.executable, "-c", GATEWAY_PROGRAM, state.path],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            VARIABLE: point,
        },
        capture_output=True,
        timeout=60,
        check=False,
    )


def _add(point: str) -> None:
    """
    Add a test for one place.
    """

    def test(self: CrashTests) -> Deferred[None]:
        return Deferred.fromCoroutine(self.suffer(point))

    first, *rest = point.split("-")
    name = "".join(["test_", first, *(word.capitalize() for word in rest)])
    test.__doc__ = f"It may die at C{{{point}}}."
    setattr(CrashTests, name, test)


for _point in sorted(SUPERVISOR if "JOBWORKER_EVERY_CRASH" in os.environ else FEW):
    _add(_point)
