"""
The client against the server's side of the wire, without TLS between.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, TypeVar

from attrs import define, field

from twisted.internet.threads import deferToThread

from jobworker.api import worker_pb2 as wire
from jobworker.client.connection import Connection
from jobworker.client.course import Course
from jobworker.client.events import Event, Finished, Output
from jobworker.client.failures import (
    Failure,
    Forbidden,
    Unacceptable,
    UnknownJob,
    Unreachable,
    Unsupported,
)
from jobworker.client.questions import Inquiry, Question, querying
from jobworker.client.reader import LogReader
from jobworker.client.readings import ChunkReading, LineReading
from jobworker.client.values import State
from tests.contracts import exampleRecord
from tests.integration.test_rpc_logs import SAID
from tests.lives import ended
from tests.rpc import RPCTestCase, peerNamed
from tests.tokens import claiming

_Answer = TypeVar("_Answer")


@define(eq=False)
class Brittle:
    """
    A connection that breaks off and can be used again.

    @ivar cuts: After how many messages each attempt breaks off; those that
        come after do not.
    @ivar chunks: Whether the server is believed to have chunks.
    """

    connection: Connection
    cuts: list[int] = field(factory=list)
    chunks: bool = True

    def _brittle(self, messages: Iterator[Any]) -> Iterator[Any]:
        """
        Break off.
        """
        if not self.cuts:
            yield from messages
            return
        yield from islice(messages, self.cuts.pop(0))
        raise Unreachable("cut")

    def follow(self, inquiry: Inquiry[Any]) -> Iterator[Any]:
        """
        Read a log, in chunks or in lines.
        """
        if not self.chunks and inquiry.method == "ReadLog":
            raise Unsupported("no chunks")
        return self._brittle(self.connection.follow(inquiry))

    def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask about a job.
        """
        return self.connection.ask(question)

    def close(self) -> None:
        """
        Stay as it is.
        """


class ClientTests(RPCTestCase):
    """
    Both sides mean the same.
    """

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Connect.
        """
        await super().setUp()
        self.connection = Connection(self.alice, (("token", claiming()),))

    async def read(self, cuts: list[int], chunks: bool = True) -> list[Event]:
        """
        Read the log of a job that has ended.
        """
        record = exampleRecord()
        self.put(ended(record, 3), SAID)
        reader = LogReader(
            lambda: Brittle(self.connection, cuts, chunks),
            Course(ChunkReading(record.identifier), LineReading(record.identifier)),
            lambda failure: failure,
            lambda seconds: None,
        )
        return await deferToThread(lambda: list(reader.events()))

    def check(self, events: list[Event]) -> None:
        """
        See that everything has arrived, once.
        """
        for source in (1, 2):
            self.assertEqual(
                b"".join(
                    event.data
                    for event in events
                    if isinstance(event, Output) and event.source == source
                ),
                b"".join(data for each, data in SAID if each == source),
            )
        finished = events[-1]
        assert isinstance(finished, Finished)
        self.assertEqual(finished.status.exitCode, 3)

    async def test_chunks(self) -> None:
        """
        A log arrives in chunks and is verified.
        """
        self.check(await self.read([]))

    async def test_chunksResumed(self) -> None:
        """
        A log that was read over many connections is verified as a whole.
        """
        self.check(await self.read([0, 1, 2, 3, 2, 2, 2]))

    async def test_lines(self) -> None:
        """
        In lines a log is the same, to the byte.
        """
        self.check(await self.read([], chunks=False))

    async def test_linesResumed(self) -> None:
        """
        Lines that were read over many connections are the same.
        """
        self.check(await self.read([0, 1, 2, 1, 3], chunks=False))

    async def test_refusals(self) -> None:
        """
        What the server refuses is what the client calls it.
        """
        unknown = wire.Job(id="00000000-0000-4000-8000-000000000000")
        stranger = Connection(self.connect(peerNamed("bob")), (("token", claiming()),))
        rows: list[tuple[Connection, wire.Job, type[Failure]]] = [
            (self.connection, unknown, UnknownJob),
            (self.connection, wire.Job(id="x"), UnknownJob),
            (self.connection, wire.Job(), Unacceptable),
            (stranger, unknown, Forbidden),
        ]
        for connection, job, kind in rows:
            failure = await self.assertFailure(
                deferToThread(connection.ask, querying(job.id)), Failure
            )
            self.assertIs(type(failure), kind, str(failure))

    async def test_status(self) -> None:
        """
        How a job ended is read as it was written.
        """
        record = ended(exampleRecord(), 3)
        job = self.put(record, SAID)
        status = await deferToThread(self.connection.ask, querying(job.id))
        self.assertEqual(
            (status.identifier, status.owner, status.program, status.arguments),
            (
                record.identifier,
                record.owner,
                record.command.program,
                record.command.arguments,
            ),
        )
        self.assertEqual(
            (status.state, status.exitCode, status.signal, status.cause),
            (State.EXITED, 3, None, "exited"),
        )
