"""
What is known of jobs, as messages of the wire and in words.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as pb
from jobworker.client.specifying import conditionsOf
from jobworker.conditions import Conditions
from jobworker.jobs import (
    FORCED,
    POLITE,
    Cause,
    Command,
    Record,
    Status,
    Stop,
)
from jobworker.life import CommandExited, Drained, Lost, StopRequested
from jobworker.rpc.describing import describe, describeWholly, explain
from jobworker.rpc.parsing import parseCommand
from tests.contracts import exampleRecord
from tests.lives import after
from tests.strategies import conditions, records, texts

STOP: Final = StopRequested(Stop("bob", POLITE, 5))
LIMIT: Final = StopRequested(Stop("", FORCED, 5, Cause.LOG_LIMIT, "1 GiB"))
KILLED: Final = CommandExited(Status(signal=9))


def code(number: int) -> CommandExited:
    """
    Let a command exit.
    """
    return CommandExited(Status(code=number))


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
            status = describe(after(exampleRecord(), *events)).status
            self.assertEqual(
                (status.state, status.exitCode, status.signal, status.cause),
                (state, exitCode, signal, cause),
                events,
            )

    def test_reason(self) -> None:
        """
        The reason is told in words.
        """
        lost = describe(after(exampleRecord(), Lost(9, "the service died")))
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
            self.assertEqual(explain(after(exampleRecord(), *events)), words)
