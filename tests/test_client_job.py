"""
A job as a handle, and waiting and reading over connections that get lost, for
the clients that call gRPC themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
from attrs import define, field

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client import AsyncClient, Client
from jobworker.client.addresses import Address
from jobworker.client.events import Event, Finished, Output
from jobworker.client.failures import Unacceptable, UnknownJob
from jobworker.client.values import State

from .logscripts import LogScript
from .loops import lastingLoop
from .test_client_reader import line
from .wireserver import ID, TOKEN, WireServer, credentials, status


@define
class Faltering:
    """
    Answers that a job has ended, but not at once.

    @ivar codes: How the calls before that end.
    """

    codes: list[grpc.StatusCode] = field(factory=list)

    def wait(self, request: wire.Job, context: Any) -> wire.JobStatus:
        """
        Answer once.
        """
        if self.codes:
            context.abort(self.codes.pop(0), "not now")
        return status(exitCode=3)


class JobTests(SynchronousTestCase):
    """
    What can be asked about a job.
    """

    def serve(self, **methods: Any) -> WireServer:
        """
        Have a server.
        """
        server = WireServer(methods)
        self.addCleanup(server.stop)
        return server

    def test_handle(self) -> None:
        """
        A job that was started, or found, is read and asked about.
        """
        script = LogScript([(1, b"out\n")], ending=status(exitCode=3))
        answers = Faltering().wait
        server = self.serve(
            StartJob=lambda _, __: wire.Job(id=ID),
            ListJobs=lambda _, __: wire.JobList(jobs=[status()]),
            ReadLog=script.served,
            DeleteJob=lambda _, __: wire.Deleted(),
            **dict.fromkeys(["WaitJob", "StopJob", "QueryJob", "SignalJob"], answers),
        )
        with server.client() as client:
            job = client.start(["sh"])
            self.assertEqual((job.identifier, client.job(ID[:4])), (ID, job))
            first, last = job.logs(last=1)
            assert isinstance(first, Output) and isinstance(last, Finished)
            self.assertEqual((first.data, script.requests[0].last), (b"out\n", 1))
            for answer in (
                last.status,
                job.wait(5.0),
                job.stop(True),
                job.signal(10),
                job.query(),
            ):
                self.assertEqual((answer.state, answer.exitCode), (State.EXITED, 3))
            job.delete()

    def test_noCommand(self) -> None:
        """
        A command that is a text, or empty, is refused before it is sent.
        """
        with self.serve().client() as client:
            wrong: Any
            for wrong in ("ls -l", [], [7]):
                self.assertRaises(Unacceptable, client.start, wrong)


class LosingTests(SynchronousTestCase):
    """
    Connections that get lost.
    """

    def setUp(self) -> None:
        """
        Have a server that loses two calls, and then has an answer.
        """
        self.faltering = Faltering([grpc.StatusCode.UNAVAILABLE] * 2)

        def streamLog(request: wire.StreamRequest, context: Any) -> Iterator[wire.Log]:
            if request.startPoint == 0:
                yield line(0, "a")
                context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
            yield line(1, "b")

        self.server = WireServer(
            {
                "WaitJob": self.faltering.wait,
                "StreamLog": streamLog,
                "QueryJob": Faltering().wait,
            }
        )
        self.addCleanup(self.server.stop)
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """
        Wait in an event loop.
        """
        self.slept.append(seconds)

    def client(self) -> Client:
        """
        Make a client.
        """
        address = Address("127.0.0.1", self.server.port)
        return Client(address, credentials(), TOKEN, sleep=self.slept.append)

    def asyncClient(self) -> AsyncClient:
        """
        Make a client for event loops.
        """
        address = Address("127.0.0.1", self.server.port)
        return AsyncClient(address, credentials(), TOKEN, sleep=self.sleep)

    def test_wait(self) -> None:
        """
        Waiting goes on over new connections.
        """
        with self.client() as client:
            ended = client.wait(ID)
        self.assertEqual((ended.exitCode, self.slept), (3, [1, 2]))

    def test_waitAsync(self) -> None:
        """
        So it does in an event loop.
        """

        async def wait() -> None:
            async with self.asyncClient() as client:
                ended = await client.wait(ID)
                self.assertEqual((ended.exitCode, self.slept), (3, [1, 2]))

        lastingLoop().run_until_complete(wait())

    def test_hopeless(self) -> None:
        """
        What is of no use to ask again is not asked again.
        """
        self.faltering.codes[1] = grpc.StatusCode.NOT_FOUND
        with self.client() as client:
            self.assertRaises(UnknownJob, client.wait, ID)
        self.assertEqual(self.slept, [1])

    def test_lines(self) -> None:
        """
        A server that has no chunks is read in lines, and goes on behind the
        last.
        """
        with self.client() as client:
            self.check(list(client.readLog(ID)))

    def test_linesAsync(self) -> None:
        """
        So it is in an event loop.
        """

        async def read() -> list[Event]:
            async with self.asyncClient() as client:
                return [each async for each in client.readLog(ID)]

        self.check(lastingLoop().run_until_complete(read()))

    def check(self, events: list[Event]) -> None:
        """
        See that everything arrived once.
        """
        self.assertEqual(
            [each.data for each in events if isinstance(each, Output)],
            [b"a\n", b"b\n"],
        )
        last = events[-1]
        assert isinstance(last, Finished)
        self.assertEqual((last.status.exitCode, self.slept), (3, [1]))
