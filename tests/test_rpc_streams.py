"""
Following logs, without a connection: over real spools, in the thread of the test.
"""

from __future__ import annotations

import asyncio
import json
from functools import partial
from hashlib import blake2b
from typing import Any

from hypothesis import given, settings

from jobworker.api import worker_pb2 as pb
from jobworker.errors import NoSuchJob, ShuttingDown, SpoolDamaged
from jobworker.jobs import Source
from jobworker.rpc.desks import Desk
from jobworker.rpc.streamlog import BATCH
from tests.contracts import exampleRecord
from tests.lives import ended
from tests.spools import Writes, content, drop, extend, writes
from tests.streams import HeldExecutor, StreamTestCase
from tests.tokens import ALICE

OUT, ERR = Source.STDOUT, Source.STDERR


class WholeTests(StreamTestCase):
    """
    Whatever a job wrote, and whenever it is read, everything is there once.
    """

    @settings(max_examples=25)
    @given(writes, writes)
    def test_lines(self, before: Writes, after: Writes) -> None:
        """
        Lines that are followed are those that are read later, and hold all
        bytes.
        """
        record, spool = self.job(before)
        self.sent.clear()
        task = self.stream(record)
        extend(spool, after)
        self.finish(record, spool)
        self.end(task)
        followed = self.sent.copy()
        self.sent.clear()
        self.end(self.stream(record))
        self.assertEqual(self.sent, followed)
        logs = self.logs()
        self.assertEqual([each.nbSequence for each in logs], [*range(len(logs))])
        said = {OUT: b"", ERR: b""}
        for log in logs[:-1]:
            entry = json.loads(log.entry)
            said[Source[entry["source"].upper()]] += entry["msg"].encode(
                "utf-8", "surrogateescape"
            ) + (b"" if log.unterminated else b"\n")
        for source in Source:
            self.assertEqual(said[source], content([*before, *after], source))

    @settings(max_examples=25)
    @given(writes, writes)
    def test_chunks(self, before: Writes, after: Writes) -> None:
        """
        Chunks that are followed hold all bytes, and the digest is theirs.
        """
        record, spool = self.job(before)
        self.sent.clear()
        task = self.read(record, follow=True)
        extend(spool, after)
        self.finish(record, spool)
        self.end(task)
        begin, *chunks, end = self.replies()
        self.assertTrue(begin.HasField("begin"))
        said = {OUT: b"", ERR: b""}
        for each in chunks:
            said[Source(each.chunk.source)] += each.chunk.data
        for total in end.end.totals:
            source = Source(total.source)
            self.assertEqual(said[source], content([*before, *after], source))
            self.assertEqual(total.bytes, len(said[source]))
            self.assertEqual(total.digest, blake2b(said[source]).digest())

    def test_portions(self) -> None:
        """
        Few readers get much at once, and many no more than they can stall
        with.
        """
        whole = bytes(2**19)
        record, spool = self.job([(OUT, whole)])
        self.finish(record, spool)
        for readers, size in ((1, 2**18), (64, 2**18), (128, 2**17), (1000, 2**16)):
            self.readers = readers
            self.sent.clear()
            self.end(self.read(record))
            sizes = {len(each.chunk.data) for each in self.replies()[1:-1]}
            self.assertEqual(sizes, {size})

    def test_resumed(self) -> None:
        """
        A reading that is resumed anywhere ends with the digest of all that
        the client has had.
        """
        whole = b"0123456789" * 10
        record, spool = self.job([(OUT, whole)])
        self.finish(record, spool)
        for first, at in ((0, 0), (0, 1), (0, 99), (0, 100), (7, 50), (100, 100)):
            self.sent.clear()
            offset = pb.Offset(source=pb.STDOUT, offset=at, digest_from=first)
            offsets = pb.Offsets(offsets=[offset])
            self.end(self.read(record, sources=[1], offsets=offsets))
            total = self.replies()[-1].end.totals[0]
            self.assertEqual(total.digest_from, first)
            self.assertEqual(total.digest, blake2b(whole[first:]).digest())


class GapTests(StreamTestCase):
    """
    What is missing of a log is said.
    """

    def test_lines(self) -> None:
        """
        A remark stands for lines that were dropped or not kept, and has the
        number of the last of them.
        """
        record, spool = self.job([(OUT, b"1\n2\n3\nbegun"), (ERR, b"4\n")])
        drop(spool)
        extend(spool, [(OUT, b" and ended\n")])
        spool.lose(ERR, 100)
        self.finish(record, spool)
        self.end(self.stream(record))
        said = [(log.nbSequence, json.loads(log.entry)) for log in self.logs()]
        self.assertEqual([number for number, _ in said], [2, 3, 4, 5, 6])
        self.assertEqual(
            [entry["source"] for _, entry in said],
            ["log", "log", "stdout", "log", "log"],
        )
        messages = [entry["msg"] for _, entry in said]
        self.assertIn("6 bytes of stdout are missing from byte 0 on", messages[0])
        self.assertEqual(messages[2], "begun and ended")
        self.assertIn("100 bytes of stderr are missing from byte 2", messages[3])
        self.sent.clear()
        self.end(self.stream(record, 3))
        again = [(log.nbSequence, json.loads(log.entry)) for log in self.logs()]
        self.assertEqual(again, said[1:])

    def test_chunks(self) -> None:
        """
        Gaps are sent in their place, count as bytes that came, and are not
        in the digest.
        """
        record, spool = self.job([(OUT, b"1\n2\nbegun"), (ERR, b"4\n")])
        drop(spool)
        extend(spool, [(OUT, b" and ended\n")])
        spool.lose(OUT, 100)
        self.finish(record, spool)
        for follow in (True, False):
            self.sent.clear()
            self.end(self.read(record, sources=[1], follow=follow))
            _, first, *chunks, last, end = self.replies()
            self.assertEqual((first.gap.offset, first.gap.length), (0, 4))
            self.assertEqual((last.gap.offset, last.gap.length), (20, 100))
            said = b"".join(each.chunk.data for each in chunks)
            self.assertEqual(said, b"begun and ended\n")
            self.assertEqual(end.end.totals[0].bytes, 120)
            self.assertEqual(end.end.totals[0].digest, blake2b(said).digest())

    def test_resumed(self) -> None:
        """
        If bytes that a client has had were dropped since, there is no digest;
        if they were never kept, there is one.
        """
        record, spool = self.job([(OUT, b"1\n2\n"), (ERR, b"x")])
        drop(spool)
        spool.lose(ERR, 100)
        self.finish(record, spool)
        offsets = pb.Offsets(
            offsets=[
                pb.Offset(source=pb.STDOUT, offset=4),
                pb.Offset(source=pb.STDERR, offset=101),
            ]
        )
        self.end(self.read(record, offsets=offsets))
        out, err = self.replies()[-1].end.totals
        self.assertEqual(out.digest, b"")
        self.assertEqual(err.digest, blake2b(b"x").digest())


class FollowTests(StreamTestCase):
    """
    Followers go on as long as there may be more.
    """

    def test_growing(self) -> None:
        """
        A job that writes faster than it is read can be read as far as it had
        come when the reading began.
        """
        record, spool = self.job([(OUT, b"x" * 200_000)])

        async def write(message: bytes) -> None:
            self.sent.append(message)
            spool.append(OUT, b"y" * 100_000)

        request = pb.ReadRequest(job=pb.Job(id=record.identifier))
        self.run_(asyncio.wait_for(self.chunks.readLog(request, ALICE, write), 10))
        end = self.replies()[-1].end
        self.assertGreaterEqual(end.totals[0].bytes, 200_000)
        self.assertLess(end.totals[0].bytes, 400_000)

    def test_notOverBeforeTheEnd(self) -> None:
        """
        A log that is sealed is not the end: how the job ended is still to be
        said.
        """
        record, spool = self.job()
        tasks = [self.stream(record), self.read(record, follow=True)]
        spool.seal()
        self.roster.grow(record.identifier)
        self.turn()
        self.assertEqual([task.done() for task in tasks], [False, False])
        self.roster.put(ended(record))
        for task in tasks:
            self.end(task)

    def test_neverSealed(self) -> None:
        """
        The log of a job that has ended is at its end though it was never
        sealed.
        """
        record, _ = self.job([(OUT, b"one\ntwo")])
        self.roster.put(ended(record))
        self.end(self.stream(record))
        self.assertEqual(json.loads(self.logs()[0].entry)["msg"], "one")
        self.end(self.read(record, follow=True))

    def test_slowClient(self) -> None:
        """
        Of one of many clients that does not read, nothing is held but a small
        batch.
        """
        self.readers = 1000
        record, spool = self.job([(OUT, b"x" * 10_000_000)])
        self.finish(record, spool)
        stalled: list[bytes] = []
        never = self.loop.create_future()

        async def write(message: bytes) -> None:
            stalled.append(message)
            if len(stalled) > 1:
                await never

        request = pb.ReadRequest(job=pb.Job(id=record.identifier), follow=True)
        task = self.begin(self.chunks.readLog(request, ALICE, write))
        self.until(lambda: len(stalled) > 1)
        self.turn()
        self.assertLess(sum(map(len, stalled)), 100_000)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            self.end(task)

    def test_shortLines(self) -> None:
        """
        A batch of lines is small even where they are very short.
        """
        record, spool = self.job([(OUT, b"\n" * 1_000_000)])
        self.finish(record, spool)
        batches: list[int] = []
        read = Desk.read

        async def counting(desk: Desk, cursor: Any, limit: int) -> list[Any]:
            lines = await read(desk, cursor, limit)
            batches.append(len(lines))
            return lines

        self.patch(Desk, "read", counting)
        self.end(self.stream(record, 990_000))
        self.assertEqual(sum(batches), 10_000)
        self.assertLessEqual(max(batches[1:]), BATCH)

    def test_shutdown(self) -> None:
        """
        Who follows when the service ends is told so, whether waiting or
        reading.
        """
        record, _ = self.job([(OUT, b"a line\n" * 100_000)])

        async def write(message: bytes) -> None:
            self.board.close()

        request = pb.StreamRequest(job=pb.Job(id=record.identifier))
        with self.assertRaises(ShuttingDown):
            self.run_(self.lines.streamLog(request, ALICE, write))

    def test_noLog(self) -> None:
        """
        A job that was deleted is like none, and is not remembered.
        """
        record = ended(exampleRecord(99))
        self.roster.put(record)
        self.turn()
        self.successResultOf(self.roster.delete(record.identifier))
        for start in (self.stream, partial(self.read, follow=True)):
            with self.assertRaises(NoSuchJob):
                self.end(start(record))
        with self.assertRaises(NoSuchJob):
            self.run_(self.board.find(record.identifier))

    def test_missingLog(self) -> None:
        """
        The log of a job that is still known should be there.
        """
        record = ended(exampleRecord(99))
        self.roster.put(record)
        self.turn()
        for start in (self.stream, partial(self.read, follow=True)):
            with self.assertRaises(SpoolDamaged) as caught:
                self.end(start(record))
            self.assertIn("files are missing", str(caught.exception))

    def test_heartbeat(self) -> None:
        """
        A client hears something while a long digest is made.
        """
        record, spool = self.job([(OUT, b"x" * 100)])
        self.finish(record, spool)
        held = HeldExecutor()
        self.room._threads = held
        self.chunks._heartbeat = 0.001
        offset = pb.Offset(source=pb.STDOUT, offset=100)
        task = self.read(record, offsets=pb.Offsets(offsets=[offset]))
        self.until(lambda: len(self.sent) > 3)
        kinds = [each.WhichOneof("reply") for each in self.replies()]
        self.assertEqual(kinds[:3], ["begin", "heartbeat", "heartbeat"])
        held.held.pop()()
        self.end(task)
        self.assertEqual(
            self.replies()[-1].end.totals[0].digest, blake2b(b"x" * 100).digest()
        )
