"""
Requests of the wire, made into values.
"""

from __future__ import annotations

from signal import SIGKILL, SIGTERM
from typing import Any
from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.bounds import MAX_GRACE
from jobworker.errors import NoSuchJob
from jobworker.jobs import FORCED, POLITE, Command, Manner, Source
from jobworker.rpc.parsing import (
    BadRequest,
    Reading,
    parseCommand,
    parseJob,
    parseManner,
    parseReading,
    parseStart,
)
from tests.strategies import texts

OUT, ERR = Source.STDOUT, Source.STDERR


class RequestTests(SynchronousTestCase):
    """
    What is asked for is understood, or refused.
    """

    @given(texts.filter(bool), st.lists(texts, max_size=4))
    def test_command(self, program: str, arguments: list[str]) -> None:
        """
        A command is what was sent, whatever way it took.
        """
        sent = pb.Command(cmd=program, args=arguments)
        message = pb.Command.FromString(sent.SerializeToString())
        self.assertEqual(parseCommand(message), Command(program, tuple(arguments)))

    @given(st.uuids().map(str))
    def test_job(self, identifier: str) -> None:
        """
        A job is named by a UUID.
        """
        self.assertEqual(parseJob(pb.Job(id=identifier)), identifier)

    def test_oddJob(self) -> None:
        """
        There is no job whose name is anything else, and nothing else can
        become part of a path.
        """
        identifier = str(uuid4())
        for odd in (
            "nonsense",
            "..",
            "../" + identifier,
            identifier.upper().replace("A", "B") + "/",
            "{" + identifier + "}",
            "urn:uuid:" + identifier,
            identifier.replace("-", ""),
            identifier + "\n",
            "x" * 100_000,
            "\0",
        ):
            with self.assertRaises(NoSuchJob) as raised:
                parseJob(pb.Job(id=odd))
            self.assertLess(len(str(raised.exception)), 400)

    def test_manner(self) -> None:
        """
        A stop is polite unless something else is asked for.
        """
        request = pb.StopRequest
        for message, manner in (
            (request(), POLITE),
            (request(force=True), FORCED),
            (request(signal=2), Manner(2)),
            (request(grace=Duration()), Manner(SIGTERM, 0.0)),
            (
                request(signal=9, grace=Duration(seconds=1, nanos=500_000_000)),
                Manner(SIGKILL, 1.5),
            ),
            (request(grace=Duration(seconds=MAX_GRACE)), Manner(SIGTERM, MAX_GRACE)),
            (request(force=True, signal=2, grace=Duration(seconds=9)), FORCED),
        ):
            self.assertEqual(parseManner(message), manner)

    def test_reading(self) -> None:
        """
        All that can be asked of ReadLog is understood.
        """
        read: Any = pb.ReadRequest
        both = {OUT: 0, ERR: 0}
        some = pb.Offsets(
            offsets=[pb.Offset(source=pb.STDERR, offset=7, digest_from=3)]
        )
        for message, reading in (
            (read(), Reading(both, both)),
            (read(sources=[2, 2]), Reading({ERR: 0}, {ERR: 0})),
            (read(line=0), Reading(both, both, line=0)),
            (read(line=8), Reading(both, both, line=8)),
            (read(last=0), Reading(both, both, last=0)),
            (read(follow=True), Reading(both, both, follow=True)),
            (read(offsets=some), Reading({OUT: 0, ERR: 7}, {OUT: 0, ERR: 3})),
            (read(offsets=pb.Offsets()), Reading(both, both)),
        ):
            self.assertEqual(parseReading(message), reading)

    def test_bad(self) -> None:
        """
        What makes no sense is refused, and what is to blame is said.
        """
        read: Any = pb.ReadRequest
        stop = pb.StopRequest
        rows: list[tuple[Any, Any, str]] = [
            (parseCommand, pb.Command(args=["x"]), "command"),
            (parseCommand, pb.Command(cmd="a\0"), "command"),
            (parseCommand, pb.Command(cmd="a", args=["\0"]), "command"),
            (parseJob, pb.Job(), "job"),
            (parseManner, stop(signal=65), "signal"),
            (parseManner, stop(signal=-1), "signal"),
            (parseManner, stop(grace=Duration(seconds=MAX_GRACE + 1)), "grace"),
            (parseManner, stop(grace=Duration(seconds=-1)), "grace"),
            (parseManner, stop(grace=Duration(nanos=10**9)), "grace"),
            (parseStart, pb.StreamRequest(startPoint=-1), "startPoint"),
            (parseReading, read(sources=[9]), "sources"),
            (parseReading, read(line=-1), "line"),
            (parseReading, read(last=-(2**63)), "last"),
        ]
        for parse, message, field in rows:
            with self.assertRaises(BadRequest) as raised:
                parse(message)
            self.assertEqual(raised.exception.field, field)
            self.assertEqual(str(raised.exception), raised.exception.description)
