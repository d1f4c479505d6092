"""
Logs over a real connection.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any
from uuid import uuid4

from grpc import StatusCode as Code

from twisted.internet.threads import deferToThread

from jobworker.api import worker_pb2 as pb
from jobworker.jobs import Source
from jobworker.rpc.settings import Settings
from tests.contracts import exampleRecord
from tests.lives import ended
from tests.rpc import RPCTestCase, fieldsOf, methodOf, peerNamed
from tests.spools import content
from tests.tokens import claiming

OUT, ERR = Source.STDOUT, Source.STDERR

SAID = [
    (OUT, b"one\ntwo\nthr"),
    (ERR, b"\xff\xfe\n"),
    (OUT, b"ee\r\n"),
    (OUT, bytes(range(256))),
    (ERR, b"no end"),
]


class LogTests(RPCTestCase):
    """
    Logs of jobs that have ended, and of jobs that run.
    """

    settings = Settings(grace=0.2, heartbeat=0.05)

    def entries(self, logs: list[pb.Log]) -> list[tuple[str, str]]:
        """
        Take entries apart.
        """
        parsed = [json.loads(log.entry) for log in logs]
        for each in parsed:
            self.assertEqual(set(each), {"msg", "source", "time", "level"})
        return [(each["source"], each["msg"]) for each in parsed]

    async def test_streamLog(self) -> None:
        """
        Every line is there, in order, numbered from 0, and a remark after
        them.
        """
        job = self.put(ended(exampleRecord(), 3), SAID)
        logs = await self.call("StreamLog", pb.StreamRequest(job=job))
        self.assertEqual([log.nbSequence for log in logs], [*range(len(logs))])
        entries = self.entries(logs)
        self.assertEqual(
            entries[:4],
            [
                ("stdout", "one"),
                ("stdout", "two"),
                ("stderr", "\udcff\udcfe"),
                ("stdout", "three\r"),
            ],
        )
        self.assertEqual(
            entries[-2:],
            [
                ("log", f"Job {job.id} exited with code 3"),
                ("log", f"Exiting job {job.id}"),
            ],
        )
        said = {"stdout": b"", "stderr": b"", "log": b""}
        for log, (source, message) in zip(logs, entries, strict=True):
            end = b"" if log.unterminated else b"\n"
            said[source] += message.encode("utf-8", "surrogateescape") + end
        self.assertEqual(said["stdout"], content(SAID, OUT))
        self.assertEqual(said["stderr"], content(SAID, ERR))

    async def test_resume(self) -> None:
        """
        From any point on there is the rest of what is there from the first.
        """
        job = self.put(ended(exampleRecord(), 3), SAID)
        whole = await self.call("StreamLog", pb.StreamRequest(job=job))
        for start in (*range(len(whole) + 2), 2**31 - 1):
            request = pb.StreamRequest(job=job, startPoint=start)
            rest = await self.call("StreamLog", request)
            self.assertEqual(rest, whole[start:], start)

    async def test_empty(self) -> None:
        """
        A job that wrote nothing has one entry, or none.
        """
        job = self.put(ended(exampleRecord()))
        logs = await self.call("StreamLog", pb.StreamRequest(job=job))
        self.assertEqual(self.entries(logs), [("log", f"Exiting job {job.id}")])

    async def test_refused(self) -> None:
        """
        What cannot be read is refused, with the field that is to blame.
        """
        running = self.put(exampleRecord(), SAID)
        self.roster.put(exampleRecord(7))
        unlogged = pb.Job(id=exampleRecord(7).identifier)
        unknown = pb.Job(id=str(uuid4()))
        stream: Any = pb.StreamRequest
        read: Any = pb.ReadRequest
        offset = pb.Offset
        rows: list[tuple[Any, Code, str]] = [
            (stream(), Code.INVALID_ARGUMENT, "job"),
            (stream(startPoint=3), Code.INVALID_ARGUMENT, "job"),
            (stream(job=running, startPoint=-1), Code.INVALID_ARGUMENT, "startPoint"),
            (stream(job=unknown), Code.NOT_FOUND, "job"),
            (stream(job=unlogged), Code.DATA_LOSS, ""),
            (read(), Code.INVALID_ARGUMENT, "job"),
            (read(job=unknown), Code.NOT_FOUND, "job"),
            (read(job=unlogged), Code.DATA_LOSS, ""),
            (read(job=running, line=-1), Code.INVALID_ARGUMENT, "line"),
            (read(job=running, last=-1), Code.INVALID_ARGUMENT, "last"),
            (read(job=running, line=2**63 - 1), Code.INVALID_ARGUMENT, "line"),
            (read(job=running, sources=[0]), Code.INVALID_ARGUMENT, "sources"),
            (read(job=running, sources=[3]), Code.INVALID_ARGUMENT, "sources"),
        ]
        rows += [
            (
                read(job=running, offsets=pb.Offsets(offsets=offsets), sources=[1]),
                Code.INVALID_ARGUMENT,
                "offsets",
            )
            for offsets in (
                [offset(source=pb.STDOUT, offset=-1)],
                [offset(source=pb.STDOUT, offset=10_000)],
                [offset(source=pb.STDOUT, offset=3, digest_from=4)],
                [offset(source=pb.STDOUT, offset=3, digest_from=-1)],
                [offset(source=pb.STDERR, offset=1)],
                [offset(offset=1)],
                [offset(source=pb.STDOUT), offset(source=pb.STDOUT)],
            )
        ]
        for request, code, field in rows:
            name = "StreamLog" if isinstance(request, stream) else "ReadLog"
            error = await self.assertCode(code, self.call(name, request))
            self.assertEqual([*fieldsOf(error)], [field] if field else [], request)

    async def test_readLog(self) -> None:
        """
        Every byte is there, with its offset, and the end says how many there
        were and how the job ended.
        """
        job = self.put(ended(exampleRecord(), 3), SAID)
        replies = await self.call("ReadLog", pb.ReadRequest(job=job))
        self.assertWhole(replies, {OUT: 0, ERR: 0})
        end = replies[-1].end
        self.assertEqual(end.status.status.exitCode, 3)

    async def test_readSome(self) -> None:
        """
        One can begin anywhere, and read one source.
        """
        job = self.put(ended(exampleRecord()), SAID)
        read: Any = pb.ReadRequest
        offset = pb.Offset
        size = len(content(SAID, OUT))
        some = pb.Offsets(
            offsets=[
                offset(source=pb.STDOUT, offset=5, digest_from=2),
                offset(source=pb.STDERR, offset=1, digest_from=1),
            ]
        )
        all_ = pb.Offsets(offsets=[offset(source=pb.STDOUT, offset=size)])
        for request, begin in (
            (read(job=job, sources=[pb.STDERR]), {ERR: 0}),
            (read(job=job, sources=[pb.STDERR], line=1), {ERR: 3}),
            (read(job=job, line=2), {OUT: 8, ERR: 0}),
            (read(job=job, last=0), {OUT: size, ERR: 9}),
            (read(job=job, last=1, sources=[pb.STDERR]), {ERR: 3}),
            (read(job=job, last=100), {OUT: 0, ERR: 0}),
            (read(job=job, offsets=some), {OUT: 5, ERR: 1}),
            (read(job=job, offsets=all_), {OUT: size, ERR: 0}),
        ):
            for follow in (False, True):
                request.follow = follow
                replies = await self.call("ReadLog", request)
                self.assertWhole(replies, begin)

    async def test_readRunning(self) -> None:
        """
        Without following, a job that runs is read as far as it has come.
        """
        job = self.put(exampleRecord(), SAID, seal=False)
        replies = await self.call("ReadLog", pb.ReadRequest(job=job))
        self.assertWhole(replies, {OUT: 0, ERR: 0})
        self.assertEqual(replies[-1].end.status.status.state, pb.RUNNING)

    def assertWhole(
        self, replies: list[pb.ReadReply], begin: dict[Source, int]
    ) -> None:
        """
        Check that an answer has all of L{SAID} from somewhere on, and that
        what it says of itself is true.
        """
        kinds = [reply.WhichOneof("reply") for reply in replies]
        self.assertEqual((kinds[0], kinds[-1]), ("begin", "end"))
        self.assertLessEqual(set(kinds[1:-1]), {"chunk", "heartbeat"})
        starts = replies[0].begin.offsets
        self.assertEqual({Source(each.source): each.offset for each in starts}, begin)
        got = dict.fromkeys(begin, b"")
        for reply in replies:
            if reply.WhichOneof("reply") == "chunk":
                source = Source(reply.chunk.source)
                self.assertEqual(reply.chunk.offset, begin[source] + len(got[source]))
                got[source] += reply.chunk.data
        totals = {Source(each.source): each for each in replies[-1].end.totals}
        self.assertEqual(set(totals), set(begin))
        digestFrom = {Source(each.source): each.digest_from for each in starts}
        for source, data in got.items():
            whole = content(SAID, source)
            self.assertEqual(data, whole[begin[source] :])
            self.assertEqual(totals[source].bytes, len(whole))
            self.assertEqual(totals[source].digest_from, digestFrom[source])
            self.assertEqual(
                totals[source].digest, blake2b(whole[digestFrom[source] :]).digest()
            )


class LiveTests(RPCTestCase):
    """
    Logs are followed while they are written.
    """

    settings = Settings(grace=0.2, heartbeat=0.05, followersPerCaller=3, followers=4)

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Have a job that runs.
        """
        await super().setUp()
        self.record = exampleRecord()
        self.job = pb.Job(id=self.record.identifier)
        self.spool = self.begin(self.record)
        self.addCleanup(self.spool.close)

    def say(self, source: Source, data: bytes) -> None:
        """
        Let the job write.
        """
        self.spool.append(source, data)
        self.roster.grow(self.record.identifier)

    def end(self, code: int = 0) -> None:
        """
        Let the job end.
        """
        self.spool.seal()
        self.roster.grow(self.record.identifier)
        self.roster.put(ended(self.record, code))

    def follow(self, name: str, channel: Any = None, token: str | None = None) -> Any:
        """
        Begin to follow.

        @return: A stream of answers.
        """
        request: Any = pb.StreamRequest(job=self.job)
        if name == "ReadLog":
            request = pb.ReadRequest(job=self.job, follow=True)
        metadata = (("token", token or claiming()),)
        return methodOf(channel or self.alice, name)(
            request, timeout=20, metadata=metadata
        )

    async def nextOf(self, stream: Any) -> Any:
        """
        Wait for the next answer that is not a heartbeat.
        """

        def following() -> Any:
            answer = next(stream)
            while hasattr(answer, "heartbeat") and answer.HasField("heartbeat"):
                answer = next(stream)
            return answer

        return await deferToThread(following)

    async def test_streamLog(self) -> None:
        """
        Each line comes as soon as it is complete.
        """
        stream = self.follow("StreamLog")
        for number in range(3):
            self.say(OUT, b"line %d" % number)
            self.say(OUT, b"\n")
            log = await self.nextOf(stream)
            self.assertEqual(log.nbSequence, number)
            self.assertEqual(json.loads(log.entry)["msg"], f"line {number}")
        self.end()
        rest = await deferToThread(list, stream)
        self.assertEqual(
            [json.loads(log.entry)["msg"] for log in rest],
            [f"Exiting job {self.job.id}"],
        )

    async def test_readLog(self) -> None:
        """
        Each piece comes as soon as it is written, and the end when the job
        has ended.
        """
        stream = self.follow("ReadLog")
        self.assertTrue((await self.nextOf(stream)).HasField("begin"))
        for data in (b"a", b"bc\n"):
            self.say(ERR, data)
            self.assertEqual((await self.nextOf(stream)).chunk.data, data)
        self.end(4)
        end = (await self.nextOf(stream)).end
        self.assertEqual(end.status.status.exitCode, 4)
        self.assertEqual(end.totals[1].digest, blake2b(b"abc\n").digest())

    async def test_heartbeat(self) -> None:
        """
        A quiet job is no silent connection, even if it writes where nobody
        looks.
        """
        request = pb.ReadRequest(job=self.job, follow=True, sources=[pb.STDOUT])
        stream = methodOf(self.alice, "ReadLog")(
            request, timeout=20, metadata=(("token", claiming()),)
        )
        await deferToThread(next, stream)
        self.say(ERR, b"nobody looks")
        for _ in range(3):
            reply = await deferToThread(next, stream)
            self.assertGreater(reply.heartbeat.time, 10**18)
        stream.cancel()

    async def test_limits(self) -> None:
        """
        One caller follows so many logs and no more, and all together so many.
        """
        bobs = self.connect(peerNamed("bob", "alice"))
        admin = claiming(sub="bob", roles=["system.admin"])
        streams = [self.follow("ReadLog") for _ in range(3)]
        for stream in streams:
            await self.nextOf(stream)
        await self.assertCode(
            Code.RESOURCE_EXHAUSTED, self.nextOf(self.follow("StreamLog"))
        )
        streams.append(self.follow("ReadLog", bobs, admin))
        await self.nextOf(streams[-1])
        await self.assertCode(
            Code.RESOURCE_EXHAUSTED, self.nextOf(self.follow("ReadLog", bobs, admin))
        )
        for stream in streams:
            stream.cancel()

    async def test_unfollow(self) -> None:
        """
        When the last follower has gone, the job is not followed any more.
        """
        streams = [self.follow("ReadLog") for _ in range(2)]
        for stream in streams:
            await self.nextOf(stream)
        self.assertEqual(self.roster.followed[self.job.id], 2)
        for stream in streams:
            stream.cancel()
        while self.roster.followed[self.job.id]:
            await self.call("QueryJob", self.job)

    async def test_connectionLost(self) -> None:
        """
        A follower whose connection is gone is followed no more.
        """
        channel = self.connect(peerNamed("alice"))
        stream = self.follow("ReadLog", channel)
        await self.nextOf(stream)
        await deferToThread(channel.close)
        while self.roster.followed[self.job.id]:
            await self.call("QueryJob", self.job)

    async def test_stalled(self) -> None:
        """
        Followers who do not read keep nobody from anything.
        """
        for _ in range(3):
            stream = self.follow("ReadLog")
            await self.nextOf(stream)
        for _ in range(100):
            self.say(OUT, b"x" * 100_000)
        await self.call("QueryJob", self.job)
        request = pb.ReadRequest(job=self.job)
        bobs = self.connect(peerNamed("bob"))
        admin = claiming(sub="bob", roles=["system.admin"])
        replies = await self.call("ReadLog", request, admin, bobs)
        self.assertEqual(replies[-1].end.totals[0].bytes, 10_000_000)

    async def test_shutdown(self) -> None:
        """
        When the service ends, followers are told to go elsewhere.
        """
        streams = [self.follow(name) for name in ("ReadLog", "StreamLog")]
        self.say(OUT, b"a line\n")
        for stream in streams:
            await self.nextOf(stream)
        stopping = self.service.stopService()
        for stream in streams:
            await self.assertCode(Code.UNAVAILABLE, deferToThread(list, stream))
        await stopping
