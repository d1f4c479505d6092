"""
The client for event loops, over TLS and real sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from threading import Event, Semaphore
from typing import Any

from jobworker.api import worker_pb2 as wire
from jobworker.client.addresses import Address
from jobworker.client.aio.client import AsyncClient
from jobworker.client.aio.connection import AsyncConnection
from jobworker.client.aio.pool import Pool
from jobworker.client.events import Finished, Output
from jobworker.client.failures import (
    BadCredentials,
    ClientClosed,
    Failure,
    TimedOut,
    Unacceptable,
    UnknownJob,
    Unreachable,
    Unsupported,
)
from jobworker.client.filters import Filter
from jobworker.client.questions import inChunks, inLines, querying
from jobworker.client.values import State
from tests.daemons import freePort
from tests.loops import LoopTestCase, lastingLoop

from .logscripts import LogScript
from .wireserver import ID, TOKEN, Method, WireServer, credentials, status


class AsyncTestCase(LoopTestCase):
    """
    A test with a server and a loop.
    """

    def setUp(self) -> None:
        """
        Take the loop that all such tests use.
        """
        self.loop = lastingLoop()

    def serve(self, methods: Mapping[str, Method]) -> WireServer:
        """
        Have a server, whose port nobody else is given when it has stopped.
        """
        server = WireServer(methods, freePort())
        self.addCleanup(server.stop)
        return server

    def client(self, port: int, **more: Any) -> AsyncClient:
        """
        Have a client.
        """
        client = AsyncClient(Address("127.0.0.1", port), credentials(), TOKEN, **more)
        self.addCleanup(lambda: self.run_(client.close()))
        return client

    def connection(self, server: WireServer, silence: float = 60.0) -> AsyncConnection:
        """
        Have a connection.
        """

        async def connect() -> AsyncConnection:
            return AsyncConnection.open(
                Address("127.0.0.1", server.port), credentials(), TOKEN, 10.0, silence
            )

        connection = self.run_(connect())
        self.addCleanup(lambda: self.run_(connection.close()))
        return connection

    def fails(self, kind: type[Failure], coroutine: Any) -> str:
        """
        Run something that fails, and get what it says.
        """
        return str(self.assertRaises(kind, self.run_, coroutine))


class ClientTests(AsyncTestCase):
    """
    What can be asked.
    """

    def test_job(self) -> None:
        """
        A job is started, read to its end, and asked about.
        """
        script = LogScript([(1, b"out\n"), (2, b"err\n")], ending=status(exitCode=3))
        asked: list[Any] = []

        def answers(request: Any, _: object) -> wire.JobStatus:
            asked.append(request)
            return status(exitCode=3)

        def deleted(request: Any, _: object) -> wire.Deleted:
            asked.append(request)
            return wire.Deleted()

        methods = dict.fromkeys(
            ["StopJob", "QueryJob", "SignalJob", "WaitJob"], answers
        )
        server = self.serve(
            {
                **methods,
                "StartJob": lambda _, __: wire.Job(id=ID),
                "ReadLog": script.served,
                "DeleteJob": deleted,
            }
        )

        async def use() -> None:
            async with self.client(server.port) as client:
                job = await client.start(["sh"])
                self.assertEqual((await client.job(ID)), job)
                events = [event async for event in job.logs()]
                self.assertEqual(
                    [event.data for event in events if isinstance(event, Output)],
                    [b"out\n", b"err\n"],
                )
                self.assertIsInstance(events[-1], Finished)
                for answer in (
                    await job.wait(5.0),
                    await job.stop(True),
                    await job.signal(10),
                    await job.query(),
                ):
                    self.assertEqual((answer.state, answer.exitCode), (State.EXITED, 3))
                await job.delete()

        self.run_(use())
        self.assertEqual(
            asked,
            [
                wire.Job(id=ID),
                wire.StopRequest(job=wire.Job(id=ID), force=True),
                wire.SignalRequest(job=wire.Job(id=ID), signal=10),
                wire.Job(id=ID),
                wire.Job(id=ID),
            ],
        )

    def test_finding(self) -> None:
        """
        Jobs come page by page, and are found by the beginning of their ids.
        """

        def jobs(request: wire.ListRequest, _: object) -> wire.JobList:
            if request.name or not ID.startswith(request.id_prefix):
                return wire.JobList()
            more = "" if request.page_token or request.id_prefix else "more"
            return wire.JobList(jobs=[status()], next_page_token=more)

        server = self.serve(
            {
                "ListJobs": jobs,
                "GetServerInfo": lambda _, __: wire.ServerInfo(version="1.2"),
            }
        )
        client = self.client(server.port)

        async def find() -> list[str]:
            return [
                each.identifier async for each in client.jobs(Filter([State.EXITED]))
            ]

        self.assertEqual(self.run_(find()), [ID, ID])
        self.assertEqual(self.run_(client.resolve(ID[:4])), ID)
        self.assertIn("no job", self.fails(UnknownJob, client.job("x")))
        self.assertEqual(self.run_(client.info()).version, "1.2")
        self.assertRaises(Unacceptable, client.jobs, Filter([State.UNKNOWN]))
        self.assertRaises(Unacceptable, client.readLog, "\udcff")

    def test_context(self) -> None:
        """
        Without a context and without an environment there is no client.
        """
        self.assertRaises(Failure, AsyncClient.from_context, environment={})


class FailureTests(AsyncTestCase):
    """
    What goes wrong.
    """

    def test_nobody(self) -> None:
        """
        Where nobody listens, that is said, and the start was not sent.
        """
        server = self.serve({})
        server.stop()
        client = self.client(server.port)
        self.assertIn(
            "nothing listens", self.fails(Unreachable, client.start(["true"]))
        )

    def test_distrusted(self) -> None:
        """
        What waiting cannot mend ends a reading and waiting at once.
        """
        server = self.serve({})
        client = AsyncClient(
            Address("127.0.0.1", server.port),
            credentials(authority="client_ca.pem"),
            TOKEN,
        )

        async def read() -> None:
            async for _ in client.readLog(ID):
                self.fail("nothing can be read")

        self.assertIn("CA", self.fails(BadCredentials, client.wait(ID)))
        self.assertIn("CA", self.fails(BadCredentials, read()))

    def test_refused(self) -> None:
        """
        What a server does not know is called so.
        """
        client = self.client(self.serve({}).port)
        self.fails(Unsupported, client.query(ID))

    def test_late(self) -> None:
        """
        An answer that does not come in time is a failure, and a start may have
        happened.
        """
        over = Event()
        self.addCleanup(over.set)
        never: Callable[..., Any] = lambda _, __: over.wait(30)  # noqa: E731
        server = self.serve({"StartJob": never, "WaitJob": never})
        client = self.client(server.port, patience=0.2)
        said = self.fails(TimedOut, client.start(["true"]))
        self.assertIn("may have been started", said)
        self.assertIn("0.2 s", self.fails(TimedOut, client.wait(ID, 0.2)))

    def test_silence(self) -> None:
        """
        A log on which not even heartbeats arrive counts as a lost connection.
        """
        over = Event()

        def readLog(request: object, context: object) -> Iterator[wire.ReadReply]:
            yield wire.ReadReply(begin=wire.Begin())
            over.wait(30)

        connection = self.connection(self.serve({"ReadLog": readLog}), silence=0.5)
        self.addCleanup(over.set)
        # To connect may take longer.
        goOn = self.stopTime()
        replies = connection.follow(inChunks(wire.ReadRequest(job=wire.Job(id=ID))))
        self.assertTrue(self.run_(anext(replies)).HasField("begin"))
        goOn()
        failure = self.assertRaises(Unreachable, self.run_, anext(replies))
        self.assertEqual(failure.cause, "nothing arrived for 0.5 s")


class EndingTests(AsyncTestCase):
    """
    Calls that are ended from our side.
    """

    def setUp(self) -> None:
        """
        Have a server that never answers, and tells when it is left.
        """
        super().setUp()
        self.called, self.left = Semaphore(0), Semaphore(0)

        def never(request: object, context: Any) -> Any:
            over = Event()
            context.add_callback(over.set)
            self.called.release()
            over.wait(30)
            self.left.release()
            return status()

        def empty(request: object, context: Any) -> Iterator[Any]:
            never(request, context)
            yield from ()

        self.server = self.serve(
            {"QueryJob": never, "WaitJob": never, "ReadLog": empty, "StreamLog": empty}
        )

    async def reached(self, *tasks: asyncio.Task[Any]) -> None:
        """
        Wait until the server has been called by each task.
        """
        for _ in tasks:
            self.assertTrue(await asyncio.to_thread(self.called.acquire, timeout=30))

    def test_cancelled(self) -> None:
        """
        Whoever waits for an answer can be cancelled, and then the server need
        not go on; others are not disturbed.
        """
        client = self.client(self.server.port)

        async def read() -> None:
            async for _ in client.readLog(ID):
                self.fail("there is nothing")

        async def cancel() -> None:
            for make in (lambda: client.query(ID), lambda: client.wait(ID), read):
                task, other = [asyncio.ensure_future(each()) for each in (make, make)]
                await self.reached(task, other)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                self.assertTrue(await asyncio.to_thread(self.left.acquire, timeout=30))
                self.assertFalse(other.done())
                other.cancel()
                await asyncio.wait({other})
                self.assertTrue(await asyncio.to_thread(self.left.acquire, timeout=30))

        self.run_(cancel())

    def test_closed(self) -> None:
        """
        To close a connection ends its calls; that cancels nobody.
        """
        connection = self.connection(self.server)
        request = wire.StreamRequest(job=wire.Job(id=ID))
        chunks = wire.ReadRequest(job=wire.Job(id=ID))

        async def close() -> None:
            tasks = [
                asyncio.ensure_future(each)
                for each in (
                    connection.ask(querying(ID)),
                    anext(connection.follow(inLines(request))),
                    anext(connection.follow(inChunks(chunks))),
                )
            ]
            await self.reached(*tasks)
            await connection.close()
            for task in tasks:
                with self.assertRaises(ClientClosed):
                    await task
            with self.assertRaises(ClientClosed):
                await connection.ask(querying(ID))

        self.run_(close())

    def test_shared(self) -> None:
        """
        A connection that one call finds lost is not taken from under another;
        the next to ask makes another one.
        """
        client = self.client(self.server.port)

        async def share() -> None:
            waiting = asyncio.ensure_future(client.query(ID))
            await self.reached(waiting)
            self.server.stop()
            for task in (waiting, asyncio.ensure_future(client.query(ID))):
                with self.assertRaises(Unreachable):
                    await task
            self.server = WireServer(
                {"QueryJob": lambda _, __: status()}, self.server.port
            )
            self.addCleanup(self.server.stop)
            self.assertEqual((await client.query(ID)).identifier, ID)

        self.run_(share())

    def test_closedClient(self) -> None:
        """
        To close a client ends all that it is waiting for, and nothing is tried
        again.
        """
        client = self.client(self.server.port)

        async def read() -> None:
            async for _ in client.readLog(ID):
                self.fail("there is nothing")

        async def close() -> None:
            tasks = [
                asyncio.ensure_future(each)
                for each in (client.query(ID), client.wait(ID), read())
            ]
            await self.reached(*tasks)
            await client.close()
            for task in tasks:
                with self.assertRaises(ClientClosed):
                    await task

        self.run_(close())


class PoolTests(AsyncTestCase):
    """
    Connections that many calls share.
    """

    def setUp(self) -> None:
        """
        Have a pool whose connections carry two calls.
        """
        super().setUp()
        self.port = self.serve({"QueryJob": lambda _, __: status()}).port
        self.opened = 0
        self.pool = Pool(self.open, 2)
        self.addCleanup(lambda: self.run_(self.pool.close()))

    def open(self) -> AsyncConnection:
        """
        Count another connection.
        """
        self.opened += 1
        address = Address("127.0.0.1", self.port)
        return AsyncConnection.open(address, credentials(), TOKEN)

    def test_shared(self) -> None:
        """
        Calls share a connection up to a number, and one after the other.
        """
        borrow = self.pool.borrow

        async def share() -> None:
            for _ in range(3):
                async with borrow() as first, borrow() as second, borrow() as third:
                    self.assertIs(first, second)
                    self.assertIsNot(first, third)

        self.run_(share())
        self.assertEqual(self.opened, 4)

    def test_lost(self) -> None:
        """
        A connection that one call finds lost is given to nobody any more, and
        stays with those who have it.
        """

        async def lose() -> None:
            async with self.pool.borrow() as first:
                with self.assertRaises(Unreachable):
                    async with self.pool.borrow() as again:
                        self.assertIs(again, first)
                        raise Unreachable("lost")
                async with self.pool.borrow() as second:
                    self.assertIsNot(second, first)
                await first.ask(querying(ID))
            with self.assertRaises(ClientClosed):
                await first.ask(querying(ID))

        self.run_(lose())
