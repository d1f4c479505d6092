"""
WatchJobs: what happens to jobs, each change once.
"""

from __future__ import annotations

from typing import Any

from attrs import define, evolve, field
from grpc import StatusCode as Code

from twisted.internet.defer import Deferred, fail, gatherResults
from twisted.internet.threads import deferToThread

from jobworker.api import worker_pb2 as pb
from jobworker.changes import Changes, JournalPlace
from jobworker.errors import RosterUnreachable
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import Status
from jobworker.life import CommandExited, Drained, advance
from jobworker.rpc.settings import Settings
from jobworker.specification import Specification
from tests.contracts import exampleRecord
from tests.hosts import until
from tests.jobscripts import SCRIPTS
from tests.lives import ended
from tests.memoryroster import MemoryRoster
from tests.rpc import RPCTestCase, fieldsOf, methodOf, reactor
from tests.tokens import claiming

#: A token of another journal.
STRANGE = "A" * 32


class CountingRoster(MemoryRoster):
    """
    A roster that counts how often its journal is read.

    @ivar read: Behind which places.
    @ivar away: Whether it cannot be reached.
    """

    read: list[JournalPlace | None]
    away: bool

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened.
        """
        self.read.append(since)
        if self.away:
            return fail(RosterUnreachable("away"))
        return super().changes(since, limit)


@define(eq=False)
class Watcher:
    """
    One call of WatchJobs.

    @ivar token: What came last.
    """

    _call: Any
    token: str = field(default="", init=False)

    async def next(self, heartbeats: bool = False) -> pb.WatchReply:
        """
        Wait for what comes next.

        @param heartbeats: Whether that may be a heartbeat.
        """
        while True:
            reply: pb.WatchReply = await deferToThread(next, self._call)
            self.token = reply.resume_token
            if heartbeats or reply.WhichOneof("reply") != "heartbeat":
                return reply

    async def take(self, count: int) -> list[tuple[str, str]]:
        """
        Wait for so many replies.

        @return: The kind of each, and the last digit of the job's id.
        """
        return [said(await self.next()) for _ in range(count)]

    def leave(self) -> None:
        """
        Listen no more.
        """
        self._call.cancel()


def said(reply: pb.WatchReply) -> tuple[str, str]:
    """
    Say in short what a reply says.
    """
    kind = reply.WhichOneof("reply")
    if kind == "change":
        name = pb.Change.Kind.Name(reply.change.kind).lower()
        return name, reply.change.status.job.id[-1]
    return str(kind), reply.present.job.id[-1:]


class WatchTestCase(RPCTestCase):
    """
    A server whose journal can be written.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make a roster that counts.
        """
        self.roster: CountingRoster = CountingRoster(reactor, SCRIPTS)
        self.roster.read, self.roster.away = [], False
        self.addCleanup(self.roster.close)
        return self.roster

    def watch(self, token: str = "", only: bool = False, **jobs: Any) -> Watcher:
        """
        Begin to watch.
        """
        request = pb.WatchRequest(
            jobs=pb.ListRequest(**jobs), resume_token=token, changes_only=only
        )
        call = methodOf(self.alice, "WatchJobs")
        watcher = Watcher(call(request, metadata=(("token", claiming()),)))
        self.addCleanup(watcher.leave)
        return watcher

    async def refusal(self, **request: Any) -> Any:
        """
        Have a call refused.
        """
        return await self.refused(
            self.call("WatchJobs", pb.WatchRequest(**request), most=1)
        )


class WatchTests(WatchTestCase):
    """
    Nothing is missed, and nothing comes twice.
    """

    async def test_present(self) -> None:
        """
        First come the jobs that have not ended, the newest first, then what
        happens.
        """
        first, second, over = (exampleRecord(number) for number in range(3))
        for record in (first, second, ended(over)):
            self.roster.put(record)
        watcher = self.watch()
        self.assertEqual(
            await watcher.take(3), [("present", "1"), ("present", "0"), ("current", "")]
        )
        exited = advance(first, CommandExited(Status(code=3)))
        self.roster.put(exited)
        self.roster.put(advance(exited, Drained(7)))
        self.roster.put(exampleRecord(4))
        await self.roster.delete(over.identifier)
        seen = [await watcher.next() for _ in range(4)]
        self.assertEqual(
            [said(reply) for reply in seen],
            [("changed", "0"), ("ended", "0"), ("started", "4"), ("deleted", "2")],
        )
        self.assertEqual([reply.change.revision for reply in seen], [4, 5, 6, 7])
        status = seen[1].change.status
        self.assertEqual((status.owner, status.status.exitCode), ("alice", 3))

    async def test_changesOnly(self) -> None:
        """
        Who wants changes only is told at once where he is.
        """
        self.roster.put(exampleRecord(0))
        watcher = self.watch(only=True)
        self.assertEqual(await watcher.take(1), [("current", "")])
        self.roster.put(exampleRecord(1))
        self.assertEqual(await watcher.take(1), [("started", "1")])

    async def test_resume(self) -> None:
        """
        Who was cut off, and resumes from what he had last, is told everything
        that is left, and nothing that he had.
        """
        self.roster.put(exampleRecord(2))
        self.roster.put(exampleRecord(9, owner="bob"))
        seen: list[tuple[str, str]] = []
        token = ""
        for number in (3, 4, 5):
            watcher = self.watch(token, owner="alice")
            seen += await watcher.take(1 if token else 2)
            token = watcher.token
            watcher.leave()
            self.roster.put(exampleRecord(number))
        watcher = self.watch(token, owner="alice")
        seen += await watcher.take(1)
        self.assertEqual(
            seen,
            [
                ("present", "2"),
                ("current", ""),
                ("started", "3"),
                ("started", "4"),
                ("started", "5"),
            ],
        )

    async def test_resumePresent(self) -> None:
        """
        Who was cut off among the jobs that there are goes on there; what has
        changed meanwhile comes as a change instead, and nothing else twice.
        """
        for number in range(5):
            self.roster.put(exampleRecord(number))
        watcher = self.watch()
        self.assertEqual(await watcher.take(2), [("present", "4"), ("present", "3")])
        watcher.leave()
        self.roster.put(ended(exampleRecord(1)))
        self.roster.put(ended(exampleRecord(4)))
        self.roster.put(exampleRecord(5))
        watcher = self.watch(watcher.token)
        self.assertEqual(
            await watcher.take(6),
            [
                ("present", "2"),
                ("present", "0"),
                ("current", ""),
                ("ended", "1"),
                ("ended", "4"),
                ("started", "5"),
            ],
        )

    async def test_filters(self) -> None:
        """
        Only the jobs that are wanted are told of, and that they leave the
        states that are wanted.
        """
        running = self.watch(owner="alice", states=[pb.RUNNING])
        failed = self.watch(states=[pb.EXITED])
        for watcher in (running, failed):
            self.assertEqual(await watcher.take(1), [("current", "")])
        for number, owner in ((1, "alice"), (2, "bob")):
            record = exampleRecord(number, owner=owner)
            self.roster.put(record)
            self.roster.put(ended(record))
            await self.roster.delete(record.identifier)
        self.roster.put(exampleRecord(3))
        self.assertEqual(
            await running.take(3), [("started", "1"), ("ended", "1"), ("started", "3")]
        )
        self.assertEqual(
            await failed.take(4),
            [("ended", "1"), ("deleted", "1"), ("ended", "2"), ("deleted", "2")],
        )

    async def test_public(self) -> None:
        """
        Values of variables are told to nobody.
        """
        watcher = self.watch()
        await watcher.take(1)
        record = exampleRecord(1)
        wanted = Specification(environment={"A": "secret"})
        command = evolve(record.command, specification=wanted)
        self.roster.put(evolve(record, command=command))
        reply = await watcher.next()
        self.assertEqual(dict(reply.change.status.command.environment), {"A": ""})

    async def test_badRequests(self) -> None:
        """
        What makes no sense is refused, and it is said what.
        """
        rows: list[tuple[dict[str, Any], Code, str]] = [
            ({"resume_token": "x"}, Code.INVALID_ARGUMENT, "resume_token"),
            ({"resume_token": "ü" * 32}, Code.INVALID_ARGUMENT, "resume_token"),
            ({"resume_token": "_" * 32}, Code.INVALID_ARGUMENT, "resume_token"),
            ({"resume_token": STRANGE}, Code.OUT_OF_RANGE, "resume_token"),
            ({"jobs": {"page_size": 5}}, Code.INVALID_ARGUMENT, "jobs"),
            ({"jobs": {"page_token": "x"}}, Code.INVALID_ARGUMENT, "jobs"),
            ({"jobs": {"id_prefix": "%"}}, Code.INVALID_ARGUMENT, "id_prefix"),
        ]
        for request, code, blamed in rows:
            error = await self.refusal(**request)
            self.assertIs(error.code(), code, request)
            self.assertEqual([*fieldsOf(error)], [blamed])

    async def test_tooOld(self) -> None:
        """
        Who wants to know more than is kept is told so, and what to do.
        """
        watcher = self.watch()
        await watcher.take(1)
        self.roster.journal._kept = 5
        for number in range(7):
            self.roster.put(exampleRecord(number))
        watcher.leave()
        error = await self.refusal(resume_token=watcher.token)
        self.assertIs(error.code(), Code.OUT_OF_RANGE)
        self.assertIn("watch without it", error.details())

    async def test_away(self) -> None:
        """
        Who watches stays while the supervisor is away, and is then told what
        happened meanwhile.
        """
        watcher = self.watch()
        await watcher.take(1)
        await self.allWait()
        del self.roster.read[:]
        self.roster.away = True
        self.roster.put(exampleRecord(1))
        await until(lambda: self.roster.read)
        self.roster.away = False
        self.roster.put(exampleRecord(2))
        self.assertEqual(await watcher.take(2), [("started", "1"), ("started", "2")])

    async def test_awayAtFirst(self) -> None:
        """
        Who comes while the supervisor is away is told to come again.
        """
        self.roster.away = True
        self.assertIs((await self.refusal()).code(), Code.UNAVAILABLE)

    async def test_stopped(self) -> None:
        """
        Who watches when the server stops is told to come again.
        """
        watcher = self.watch()
        await watcher.take(1)
        stopping = self.service.stopService()
        error = await self.refused(watcher.next())
        self.assertIs(error.code(), Code.UNAVAILABLE)
        await stopping

    async def test_shared(self) -> None:
        """
        However many watch, the journal is read once for those who have read
        as far as each other; and each is told everything.
        """
        watchers = [self.watch() for _ in range(20)]
        await gatherResults(
            Deferred.fromCoroutine(watcher.take(1)) for watcher in watchers
        )
        await self.allWait()
        del self.roster.read[:]
        self.roster.put(exampleRecord(1))
        told = await gatherResults(
            Deferred.fromCoroutine(watcher.take(1)) for watcher in watchers
        )
        self.assertEqual(told, [[("started", "1")]] * 20)
        await self.allWait()
        self.assertEqual(len(self.roster.read), 1)

    async def allWait(self) -> None:
        """
        Wait until all who watch have read all that there is.
        """
        assert self.service._run is not None
        feed = self.service._run.server._board.feed
        await until(lambda: all(bell._waiting for bell in (*feed._bells,)))

    async def test_slow(self) -> None:
        """
        Who does not take what he is sent holds nobody up, and gets it when he
        does.
        """
        slow, quick = self.watch(), self.watch()
        for watcher in (slow, quick):
            await watcher.take(1)
        command = evolve(exampleRecord().command, arguments=("x" * 100_000,))
        for number in range(100):
            self.roster.put(exampleRecord(number, command=command))
            await quick.take(1)
        self.assertEqual(
            await slow.take(100), [("started", str(n)[-1]) for n in range(100)]
        )


class HeartbeatTests(WatchTestCase):
    """
    Silence is told from death.
    """

    settings = Settings(grace=0.2, patience=5.0, heartbeat=0.05)

    async def test_heartbeat(self) -> None:
        """
        While nothing happens there are heartbeats, and one can resume from
        them, also past what was not wanted.
        """
        watcher = self.watch(owner="bob")
        await watcher.take(1)
        first = watcher.token
        self.roster.put(exampleRecord(1))
        while watcher.token == first:
            reply = await watcher.next(heartbeats=True)
            self.assertGreater(reply.heartbeat.time, 0)
        self.assertEqual(len(self.roster.journal._changes), 1)
        again = self.watch(watcher.token)
        self.roster.put(exampleRecord(2))
        self.assertEqual(await again.take(1), [("started", "2")])
