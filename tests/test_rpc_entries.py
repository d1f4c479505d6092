"""
Entries of the log as the old wire has them, and messages of ReadLog.
"""

from __future__ import annotations

import json
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.jobs import Record, Source
from jobworker.logs.reading import MAX_LINE, Chunk, Line
from jobworker.rpc.entries import MAX_NUMBER, entryOf, remarksOn
from jobworker.rpc.failures import TooLong
from jobworker.rpc.replies import beginOf, endOf, heartbeatOf, replyOf
from tests.strategies import records

OUT, ERR = Source.STDOUT, Source.STDERR

numbers = st.integers(0, MAX_NUMBER)
times = st.integers(0, 2**63 - 1)
sources = st.sampled_from(Source)


class EntryTests(SynchronousTestCase):
    """
    Lines become JSON, and nothing of them is lost.
    """

    @given(numbers, sources, times, st.binary(max_size=50), st.booleans())
    def test_roundTrip(
        self, number: int, source: Source, time: int, data: bytes, terminated: bool
    ) -> None:
        """
        Number, source, time and all bytes of a line can be had back.
        """
        line = Line(number, source, time, data, terminated)
        log = pb.Log.FromString(entryOf(line))
        entry = json.loads(log.entry)
        self.assertEqual((log.nbSequence, log.unterminated), (number, not terminated))
        self.assertTrue(log.entry.isascii())
        self.assertEqual([*entry], ["msg", "source", "time", "level"])
        self.assertEqual(entry["msg"].encode("utf-8", "surrogateescape"), data)
        self.assertEqual(entry["source"], source.name.lower())
        self.assertEqual(entry["level"], "info")
        moment, _, fraction = entry["time"].removesuffix("Z").partition(".")
        second = datetime.fromisoformat(f"{moment}+00:00").timestamp()
        self.assertEqual(int(second) * 10**9 + int(fraction), time)

    def test_longest(self) -> None:
        """
        The longest line there is fits in what clients take.
        """
        line = Line(0, OUT, 0, b"\xff" * MAX_LINE, False)
        self.assertLess(len(entryOf(line)), 2**22)

    def test_tooLong(self) -> None:
        """
        Lines beyond what the wire can number are refused, not renumbered.
        """
        entryOf(Line(MAX_NUMBER, OUT, 0, b"", True))
        with self.assertRaises(TooLong):
            entryOf(Line(MAX_NUMBER + 1, OUT, 0, b"", True))

    @given(records, st.integers(0, MAX_NUMBER - 2))
    def test_remarks(self, record: Record, number: int) -> None:
        """
        The last remark on a job is always the same, and remarks are numbered
        on.
        """
        remarks = [*remarksOn(record, number)]
        self.assertEqual(remarks, [*remarksOn(record, number)])
        logs = [pb.Log.FromString(message) for _, message in remarks]
        self.assertEqual(
            [each for each, _ in remarks], [each.nbSequence for each in logs]
        )
        self.assertEqual(
            [each.nbSequence - number for each in logs], [*range(len(logs))]
        )
        entries = [json.loads(each.entry) for each in logs]
        self.assertEqual({each["source"] for each in entries}, {"log"})
        self.assertEqual(entries[-1]["msg"], f"Exiting job {record.identifier}")


class ReplyTests(SynchronousTestCase):
    """
    Messages put together by hand are what protobuf would make.
    """

    @given(sources, st.integers(0, 2**62), times, st.binary(max_size=300))
    def test_chunk(self, source: Source, offset: int, time: int, data: bytes) -> None:
        """
        A chunk is the same as protobuf's.
        """
        made = replyOf(Chunk(source, offset, time, data))
        expected = pb.ReadReply(
            chunk=pb.Chunk(source=source.value, offset=offset, time=time, data=data)  # type: ignore[arg-type]
        )
        self.assertEqual(pb.ReadReply.FromString(made), expected)
        if data:
            self.assertEqual(made, expected.SerializeToString())

    def test_sizes(self) -> None:
        """
        Lengths are right around those where they take another byte.
        """
        for size in (1, 110, 127, 128, 16383, 16384, 65536):
            reply = pb.ReadReply.FromString(replyOf(Chunk(OUT, 0, 0, b"x" * size)))
            self.assertEqual(len(reply.chunk.data), size)

    def test_others(self) -> None:
        """
        The first and last message, and heartbeats, say what they are to say.
        """
        begin = pb.ReadReply.FromString(beginOf({ERR: 5}, {ERR: 3})).begin
        self.assertEqual(
            [(each.source, each.offset, each.digest_from) for each in begin.offsets],
            [(pb.STDERR, 5, 3)],
        )
        beat = pb.ReadReply.FromString(heartbeatOf(99)).heartbeat
        self.assertEqual(beat.time, 99)
        status = pb.JobStatus(owner="alice")
        end = pb.ReadReply.FromString(endOf(status, {OUT: 9}, {OUT: 3}, {OUT: b"d"}))
        self.assertEqual(end.end.status, status)
        self.assertEqual(
            [(t.source, t.bytes, t.digest_from, t.digest) for t in end.end.totals],
            [(pb.STDOUT, 9, 3, b"d")],
        )
