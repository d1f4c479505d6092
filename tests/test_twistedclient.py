"""
The client for Twisted: its loop beside the reactor, and what it adds to the
client for asyncio.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import partial
from threading import Event, Semaphore, Thread
from threading import enumerate as threads
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client import AsyncClient, events
from jobworker.client.addresses import Address
from jobworker.client.events import Finished, Output
from jobworker.client.failures import Failure, Unacceptable, UnknownJob
from jobworker.client.filters import Filter
from jobworker.client.values import State
from jobworker.twistedclient import TwistedClient, TwistedJob
from jobworker.twistedclient.aside import LoopAside

from .logscripts import LogScript
from .wireserver import ID, TOKEN, WireServer, credentials, status

theReactor: IReactorFromThreads = reactor  # type: ignore[assignment]


def asideThreads() -> set[Thread]:
    """
    Find the threads of loops that are not over.
    """
    return {each for each in threads() if each.name == "jobworker client"}


class LoopAsideTests(TestCase):
    """
    A loop beside the reactor.
    """

    timeout = 60

    def setUp(self) -> None:
        """
        Have one.
        """
        self.loop = LoopAside(theReactor, partial(asyncio.sleep, 0))
        self.addCleanup(self.loop.end)

    async def numbers(self, stop: int) -> AsyncGenerator[int, None]:
        """
        Count from 0 on.
        """
        self.taken: list[int] = []
        try:
            for number in range(stop):
                self.taken.append(number)
                yield number
        finally:
            self.taken.append(-1)

    async def test_results(self) -> None:
        """
        What a coroutine returns or raises is what its Deferred fires with.
        """

        async def divide(number: int) -> float:
            return 1 / number

        self.assertEqual(await self.loop.run(divide(2)), 0.5)
        await self.assertFailure(self.loop.run(divide(0)), ZeroDivisionError)

    async def test_cancel(self) -> None:
        """
        To cancel a Deferred cancels its coroutine.
        """
        begun, cancelled = Event(), Event()

        async def endless() -> None:
            begun.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        result = self.loop.run(endless())
        await deferToThread(begun.wait, 30)
        result.cancel()
        self.failureResultOf(result, CancelledError)
        self.assertTrue(await deferToThread(cancelled.wait, 30))

    async def test_end(self) -> None:
        """
        To end a loop cancels what runs and ends the thread; when there is
        something to run again, there is another.
        """

        async def endless() -> None:
            await asyncio.Event().wait()

        before = asideThreads()
        result = self.loop.run(endless())
        (thread,) = asideThreads() - before
        await self.loop.end()
        self.failureResultOf(result, CancelledError)
        # It has nothing to do any more but to go.
        thread.join(30)
        self.assertFalse(thread.is_alive())
        await self.loop.end()
        self.assertEqual(await self.loop.run(asyncio.sleep(0, 7)), 7)

    async def test_hear(self) -> None:
        """
        Events come in the reactor thread, and the last is the result.
        """
        heard: list[int] = []
        last = await self.loop.hear(lambda: self.numbers(3), heard.append)
        self.assertEqual((heard, last, self.taken), ([0, 1, 2], 2, [0, 1, 2, -1]))

    async def test_slow(self) -> None:
        """
        No event is taken before the listener is done with the one before.
        """
        arrived: Deferred[int] = Deferred()
        more: Deferred[None] = Deferred()

        def received(number: int) -> Deferred[None] | None:
            if number:
                return None
            arrived.callback(number)
            return more

        result = self.loop.hear(lambda: self.numbers(2), received)
        await arrived
        self.assertEqual(self.taken, [0])
        more.callback(None)
        self.assertEqual(await result, 1)

    async def test_coroutine(self) -> None:
        """
        A listener may be a coroutine function.
        """
        passed: list[Deferred[None]] = [Deferred(), succeed(None)]
        heard: list[int] = []

        async def received(number: int) -> None:
            await passed[number]
            heard.append(number)

        result = self.loop.hear(lambda: self.numbers(2), received)
        passed[0].callback(None)
        await result
        self.assertEqual(heard, [0, 1])

    async def test_failingListener(self) -> None:
        """
        A listener that fails ends the reading, and is told.
        """

        def received(number: int) -> None:
            raise ZeroDivisionError

        result = self.loop.hear(lambda: self.numbers(2), received)
        await self.assertFailure(result, ZeroDivisionError)
        self.assertEqual(self.taken, [0, -1])

    async def test_cancelledListener(self) -> None:
        """
        Nothing arrives any more at a listener that has given up, whatever is
        on its way.
        """
        heard: list[int] = []

        def received(number: int) -> None:
            heard.append(number)
            result.cancel()

        result = self.loop.hear(lambda: self.numbers(1000), received)
        await self.assertFailure(result, CancelledError)
        await self.loop.end()
        self.assertEqual(heard, [0])
        self.assertEqual(self.taken[-1], -1)


class TwistedClientTests(TestCase):
    """
    What can be asked.
    """

    timeout = 60

    def client(self, server: WireServer) -> TwistedClient:
        """
        Have a client of a server, both for the time of a test.
        """
        client = TwistedClient(
            theReactor,
            AsyncClient(Address("127.0.0.1", server.port), credentials(), TOKEN),
        )
        # What is added last is done first.
        self.addCleanup(deferToThread, server.stop)
        self.addCleanup(client.close)
        return client

    async def test_job(self) -> None:
        """
        A job is started, read to its end, and asked about.
        """
        script = LogScript([(1, b"out\n"), (2, b"err\n")], ending=status(exitCode=3))
        answers: Any = lambda _, __: status(exitCode=3)  # noqa: E731
        names = ("StopJob", "QueryJob", "SignalJob", "WaitJob")
        client = self.client(
            WireServer(
                {
                    **dict.fromkeys(names, answers),
                    "StartJob": lambda _, __: wire.Job(id=ID),
                    "ReadLog": script.served,
                    "ListJobs": lambda _, __: wire.JobList(jobs=[status()]),
                    "DeleteJob": lambda _, __: wire.Deleted(),
                    "GetServerInfo": lambda _, __: wire.ServerInfo(version="1.2"),
                }
            )
        )
        job = await client.start(["sh"])
        self.assertIsInstance(job, TwistedJob)
        self.assertEqual(job.identifier, ID)
        self.assertEqual(await client.job(ID[:4]), job)
        received: list[events.Event] = []
        last = await job.logs(received.append)
        self.assertIsInstance(last, Finished)
        self.assertEqual(
            [each.data for each in received if isinstance(each, Output)],
            [b"out\n", b"err\n"],
        )
        self.assertEqual(received[-1], last)
        for answer in (
            last.status,
            await job.wait(5.0),
            await job.stop(True),
            await job.signal(10),
            await job.query(),
        ):
            self.assertEqual((answer.state, answer.exitCode), (State.EXITED, 3))
        self.assertEqual([each.identifier for each in await client.jobs()], [ID])
        self.assertEqual((await client.info()).version, "1.2")
        await job.delete()

    async def test_failures(self) -> None:
        """
        Everything that goes wrong is a failure of the Deferred.
        """
        client = self.client(WireServer({"ListJobs": lambda _, __: wire.JobList()}))
        await self.assertFailure(client.job("x"), UnknownJob)
        await self.assertFailure(client.start([]), Unacceptable)
        await self.assertFailure(client.stop(ID, grace=-1.0), Unacceptable)
        await self.assertFailure(client.jobs(Filter([State.UNKNOWN])), Unacceptable)
        await self.assertFailure(client.readLog(self.fail, "\udcff"), Unacceptable)

    def test_context(self) -> None:
        """
        Without a context and without an environment there is no client.
        """
        self.assertRaises(
            Failure, TwistedClient.from_context, theReactor, environment={}
        )

    async def test_close(self) -> None:
        """
        To close a client ends what it waits for; it may be used again.
        """
        called = Semaphore(0)

        def never(request: object, context: Any) -> wire.JobStatus:
            over = Event()
            context.add_callback(over.set)
            called.release()
            over.wait(30)
            return status()

        client = self.client(WireServer({"QueryJob": never, "WaitJob": never}))
        results: list[Deferred[Any]] = [client.query(ID), client.wait(ID)]
        for _ in results:
            await deferToThread(called.acquire, timeout=30)
        await client.close()
        for result in results:
            self.failureResultOf(result, CancelledError)
        again = client.query(ID)
        await deferToThread(called.acquire, timeout=30)
        again.cancel()
        self.failureResultOf(again, CancelledError)
