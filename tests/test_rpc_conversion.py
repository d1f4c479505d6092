"""
Messages of the wire made into values, and values into messages.
"""

from __future__ import annotations

from signal import SIGKILL, SIGTERM
from typing import Any, Final
from uuid import uuid4

from attrs import evolve
from google.protobuf.duration_pb2 import Duration
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.bounds import MAX_GRACE
from jobworker.client.specifying import conditionsOf
from jobworker.conditions import Conditions
from jobworker.errors import NoSuchJob
from jobworker.jobs import (
    FORCED,
    POLITE,
    Cause,
    Command,
    Manner,
    Record,
    Source,
    Status,
    Stop,
)
from jobworker.life import CommandExited, Drained, Event, Lost, StopRequested, advance
from jobworker.rpc.conversion import (
    BadRequest,
    Reading,
    describe,
    describeWholly,
    explain,
    parseCommand,
    parseJob,
    parseManner,
    parseReading,
    parseStart,
)
from tests.contracts import exampleRecord
from tests.strategies import conditions, records

OUT, ERR = Source.STDOUT, Source.STDERR

#: Text that the wire can carry and a process can be given.
texts: Final = st.text("a b\n\u00e9\u65e5\U0001f600\x01", max_size=10)

STOP: Final = StopRequested(Stop("bob", POLITE, 5))
LIMIT: Final = StopRequested(Stop("", FORCED, 5, Cause.LOG_LIMIT, "1 GiB"))
KILLED: Final = CommandExited(Status(signal=9))


def after(*events: Event) -> Record:
    """
    Make the record of a job to which something has happened.
    """
    record = exampleRecord()
    for event in events:
        record = advance(record, event)
    return record


def code(number: int) -> CommandExited:
    """
    Let a command exit.
    """
    return CommandExited(Status(code=number))


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


class StatusTests(SynchronousTestCase):
    """
    What is known of a job is told.
    """

    @given(conditions)
    def test_inForce(self, found: Conditions) -> None:
        """
        What was in force is told to who asks for the whole, and the client
        reads it.
        """
        found = evolve(found, directory="/tmp")
        record = evolve(exampleRecord(), conditions=found)
        told = describeWholly(record)
        self.assertEqual(
            evolve(conditionsOf(told.in_force), stopGrace=None),
            evolve(found, stopGrace=None),
        )
        self.assertAlmostEqual(
            conditionsOf(told.in_force).stopGrace or 0.0, found.stopGrace or 0.0, 6
        )
        told.ClearField("in_force")
        self.assertEqual(describe(record), told)
        unknown = evolve(record, conditions=None)
        self.assertEqual(describeWholly(unknown), told)

    def test_states(self) -> None:
        """
        State, code, signal and cause are those of the wire.
        """
        for events, state, exitCode, signal, cause in (
            ((), pb.RUNNING, -1, 0, pb.CAUSE_UNSPECIFIED),
            ((STOP,), pb.RUNNING, -1, 0, pb.CAUSE_UNSPECIFIED),
            ((code(3),), pb.RUNNING, -1, 0, pb.CAUSE_UNSPECIFIED),
            ((code(0), Drained(9)), pb.EXITED, 0, 0, pb.CAUSE_EXITED),
            ((code(3), Drained(9)), pb.EXITED, 3, 0, pb.CAUSE_EXITED),
            ((KILLED, Drained(9)), pb.EXITED, -1, 9, pb.CAUSE_SIGNALED),
            ((STOP, KILLED, Drained(9)), pb.STOPPED, -1, 9, pb.CAUSE_STOPPED),
            ((STOP, code(0), Drained(9)), pb.STOPPED, 0, 0, pb.CAUSE_STOPPED),
            ((LIMIT, KILLED, Drained(9)), pb.STOPPED, -1, 9, pb.CAUSE_LOG_LIMIT),
            ((Lost(9, "died"),), pb.LOST, -1, 0, pb.CAUSE_LOST),
            ((code(4), Lost(9, "died")), pb.LOST, 4, 0, pb.CAUSE_LOST),
        ):
            status = describe(after(*events)).status
            self.assertEqual(
                (status.state, status.exitCode, status.signal, status.cause),
                (state, exitCode, signal, cause),
                events,
            )

    def test_reason(self) -> None:
        """
        The reason is told in words.
        """
        lost = describe(after(Lost(9, "the service died")))
        self.assertEqual(lost.status.reason, "the service died")

    @given(records)
    def test_anyRecord(self, record: Record) -> None:
        """
        Of any job at all what is known can be told, and what the wire can
        carry of it arrives.
        """
        sent = describe(record)
        message = pb.JobStatus.FromString(sent.SerializeToString())
        self.assertEqual(message, sent)
        self.assertEqual(message.job.id, record.identifier)
        self.assertEqual(message.owner, record.owner)
        self.assertEqual(message.status.pid, record.process.pid)
        self.assertEqual(message.status.state == pb.RUNNING, record.ending is None)
        for got, argument in zip(
            message.command.args, record.command.arguments, strict=True
        ):
            if not any(0xD800 <= ord(each) < 0xE000 for each in argument):
                self.assertEqual(got, argument)
        explain(record).encode("utf-8")

    @given(texts.filter(bool), st.lists(texts, max_size=4))
    def test_command(self, program: str, arguments: list[str]) -> None:
        """
        A command comes back as it was asked.
        """
        record = exampleRecord(command=Command(program, tuple(arguments)))
        self.assertEqual(parseCommand(describe(record).command), record.command)

    def test_explained(self) -> None:
        """
        Each way to end but one is said in words.
        """
        job = f"Job {exampleRecord().identifier}"
        for events, words in (
            ((), ""),
            ((code(3),), ""),
            ((code(0), Drained(9)), ""),
            ((code(3), Drained(9)), f"{job} exited with code 3"),
            ((KILLED, Drained(9)), f"{job} ended, by signal 9 (SIGKILL)"),
            (
                (STOP, KILLED, Drained(9)),
                f"{job} stopped by bob, by signal 9 (SIGKILL)",
            ),
            ((STOP, code(0), Drained(9)), f"{job} stopped by bob with code 0"),
            (
                (LIMIT, CommandExited(Status(signal=40)), Drained(9)),
                f"{job} stopped because its log reached its limit, by signal 40: 1 GiB",
            ),
            ((Lost(9, "power failure"),), f"{job} lost: power failure"),
        ):
            self.assertEqual(explain(after(*events)), words)
