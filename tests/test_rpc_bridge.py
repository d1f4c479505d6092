"""
The bridge between the loop and the reactor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any, cast

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import NoSuchJob, ShuttingDown
from jobworker.rpc.bridge import Bridge, NotAnswered
from tests.loops import ImmediateReactor, LoopTestCase


@implementer(IReactorFromThreads)
@define(eq=False)
class QueueReactor:
    """
    Does what other threads ask for when the test says so.
    """

    calls: Queue[Callable[[], Any]] = field(factory=Queue)

    def callFromThread(
        self, callable: Callable[..., Any], *args: object, **kwargs: object
    ) -> None:
        """
        Remember to do it.
        """
        self.calls.put(lambda: callable(*args, **kwargs))

    def step(self) -> None:
        """
        Do the next thing, once there is one.
        """
        self.calls.get(timeout=10)()


def _same(answer: Deferred[int]) -> Deferred[int]:
    """
    Give an answer that is there already.
    """
    return answer


class AskTests(LoopTestCase):
    """
    Questions go to the reactor, and answers come back.
    """

    def setUp(self) -> None:
        """
        Make a bridge between this thread and itself.
        """
        super().setUp()
        self.bridge = Bridge(ImmediateReactor(), self.loop)
        self.cancelled: list[Deferred[int]] = []

    def question(self) -> Deferred[int]:
        """
        Make an answer that the test gives.
        """
        self.answer: Deferred[int] = Deferred(self.cancelled.append)
        return self.answer

    def test_answer(self) -> None:
        """
        The answer is what the Deferred fires with.
        """
        self.assertEqual(self.run_(self.bridge.ask(lambda: succeed(7), 9)), 7)

    def test_later(self) -> None:
        """
        The answer may take its time.
        """
        task = self.begin(self.bridge.ask(self.question, 9))
        self.assertFalse(task.done())
        self.answer.callback(3)
        self.assertEqual(self.end(task), 3)
        self.assertEqual(self.cancelled, [])

    def test_failure(self) -> None:
        """
        What the Deferred fails with is raised.
        """
        question: Deferred[int] = fail(NoSuchJob("x"))
        with self.assertRaises(NoSuchJob):
            self.run_(self.bridge.ask(lambda: question, 9))

    def test_raises(self) -> None:
        """
        What the question itself raises is raised.
        """
        with self.assertRaises(ZeroDivisionError):
            self.run_(self.bridge.ask(lambda: succeed(1 // 0), 9))

    def test_late(self) -> None:
        """
        Who gets no answer in time is told so, and the question is taken back.
        """
        with self.assertRaises(NotAnswered):
            self.run_(self.bridge.ask(self.question, 0.001))
        self.assertEqual(self.cancelled, [self.answer])

    def test_lateButStands(self) -> None:
        """
        A question that is not to be taken back is not, and its answer is
        dropped.
        """
        with self.assertRaises(NotAnswered) as raised:
            self.run_(self.bridge.ask(self.question, 0.001, cancels=False))
        self.assertIn("0.001 s", str(raised.exception))
        self.assertEqual(self.cancelled, [])
        self.answer.callback(1)
        self.turn()

    def test_cancel(self) -> None:
        """
        When the coroutine is cancelled, so is the Deferred.
        """
        task = self.begin(self.bridge.ask(self.question, 9))
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            self.end(task)
        self.assertEqual(self.cancelled, [self.answer])

    def test_close(self) -> None:
        """
        When the bridge closes, who waits is released; questions are taken
        back if they may be, and what they come to is dropped.
        """
        for cancels in (True, False):
            bridge = Bridge(ImmediateReactor(), self.loop)
            self.cancelled.clear()
            task = self.begin(bridge.ask(self.question, 9, cancels))
            bridge.close()
            with self.assertRaises(ShuttingDown):
                self.end(task)
            self.assertEqual(self.cancelled, [self.answer] if cancels else [])
            if not cancels:
                self.answer.callback(5)

    def test_closed(self) -> None:
        """
        A bridge that is closed refuses, and asks nothing.
        """
        self.bridge.close()
        asked: list[int] = []
        with self.assertRaises(ShuttingDown):
            self.run_(self.bridge.ask(lambda: maybeDeferred(asked.append, 1), 9))
        self.assertEqual(asked, [])

    def test_closesOnTheWay(self) -> None:
        """
        A question that arrives after the bridge was closed is not asked.
        """
        reactor = QueueReactor()
        bridge = Bridge(reactor, self.loop)
        asked: list[int] = []
        task = self.begin(bridge.ask(lambda: maybeDeferred(asked.append, 1), 9))
        bridge.close()
        reactor.step()
        with self.assertRaises(ShuttingDown):
            self.end(task)
        self.assertEqual(asked, [])

    def test_goneOnTheWay(self) -> None:
        """
        A question whose asker has gone before it arrives is taken back.
        """
        reactor = QueueReactor()
        bridge = Bridge(reactor, self.loop)
        task = self.begin(bridge.ask(self.question, 9))
        task.cancel()
        self.turn()
        reactor.step()
        reactor.step()
        self.assertEqual(self.cancelled, [self.answer])

    def test_leave(self) -> None:
        """
        The loop can close the bridge as well.
        """
        self.run_(self.bridge.leave())
        with self.assertRaises(ShuttingDown):
            self.run_(self.bridge.ask(self.question, 9))

    def test_tell(self) -> None:
        """
        The reactor can be told of something, up to the end.
        """
        told: list[int] = []
        self.bridge.tell(told.append, 3)
        self.bridge.close()
        self.bridge.tell(told.append, 4)
        self.assertEqual(told, [3, 4])


class PostTests(SynchronousTestCase):
    """
    News go from the reactor to the loop.
    """

    def setUp(self) -> None:
        """
        Make a bridge to a loop that does nothing by itself.
        """
        self.woken: list[Callable[[], None]] = []

        class Loop:
            call_soon_threadsafe = self.woken.append

        self.bridge = Bridge(ImmediateReactor(), cast(Any, Loop()))
        self.got: list[int] = []

    def test_coalesced(self) -> None:
        """
        The loop is woken once for many news, which come in their order.
        """
        for number in range(5):
            self.bridge.post(self.got.append, number)
        self.assertEqual((len(self.woken), self.got), (1, []))
        self.woken.pop()()
        self.assertEqual(self.got, [0, 1, 2, 3, 4])

    def test_again(self) -> None:
        """
        It is woken again for what is posted after it has looked.
        """
        self.bridge.post(self.got.append, 1)
        self.woken.pop()()
        self.bridge.post(self.got.append, 2)
        self.woken.pop()()
        self.assertEqual(self.got, [1, 2])

    def test_whileDelivering(self) -> None:
        """
        What is posted while others are delivered is not lost.
        """
        self.bridge.post(self.bridge.post, self.got.append, 1)
        while self.woken:
            self.woken.pop()()
        self.assertEqual(self.got, [1])


class ThreadTests(SynchronousTestCase):
    """
    The loop runs in another thread, as it does in the service.
    """

    def setUp(self) -> None:
        """
        Make a bridge to a loop that a thread is to run.
        """
        self.reactor = QueueReactor()
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.bridge = Bridge(self.reactor, self.loop)
        self.outcomes: list[object] = []

    def inThread(self, main: Callable[[], Any]) -> Thread:
        """
        Run a coroutine in a thread.
        """
        thread = Thread(target=lambda: self.loop.run_until_complete(main()))
        thread.start()
        return thread

    def join(self, thread: Thread) -> None:
        """
        Wait for a thread.
        """
        thread.join(10)
        self.assertFalse(thread.is_alive())

    def test_answers(self) -> None:
        """
        Each of many questions gets its own answer.
        """
        answers: list[Deferred[int]] = [Deferred() for _ in range(100)]

        async def main() -> None:
            asking = [self.bridge.ask(partial(_same, each), 10) for each in answers]
            self.outcomes += await asyncio.gather(*asking)

        thread = self.inThread(main)
        for _ in answers:
            self.reactor.step()
        for number, answer in reversed([*enumerate(answers)]):
            answer.callback(number)
        self.join(thread)
        self.assertEqual(self.outcomes, [*range(100)])

    def test_close(self) -> None:
        """
        Who waits in the other thread is released when the bridge closes.
        """
        never: Deferred[int] = Deferred()

        async def main() -> None:
            asking = [self.bridge.ask(lambda: never, 10) for _ in range(3)]
            self.outcomes += await asyncio.gather(*asking, return_exceptions=True)

        thread = self.inThread(main)
        for _ in range(3):
            self.reactor.step()
        self.bridge.close()
        self.join(thread)
        self.assertEqual([type(each) for each in self.outcomes], [ShuttingDown] * 3)
