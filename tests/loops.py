"""
An asyncio loop in the thread of the test, and a reactor beside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any, TypeVar

from zope.interface import implementer

from attrs import define

from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase

_T = TypeVar("_T")


@implementer(IReactorFromThreads)
@define
class ImmediateReactor:
    """
    Does at once what other threads ask for.
    """

    def callFromThread(
        self, callable: Callable[..., Any], *args: object, **kwargs: object
    ) -> None:
        """
        Do it.
        """
        callable(*args, **kwargs)


@cache
def lastingLoop() -> asyncio.AbstractEventLoop:
    """
    The loop of all tests that call by way of gRPC in one.

    gRPC may have something left to say to a loop when everything that was
    asked in it is over, and complains on standard error if it is closed by
    then.
    """
    return asyncio.new_event_loop()


class LoopTestCase(SynchronousTestCase):
    """
    A test of what runs in a loop.
    """

    def setUp(self) -> None:
        """
        Make a loop.
        """
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)

    def run_(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        """
        Run something to its end.
        """
        return self.loop.run_until_complete(coroutine)

    def begin(self, coroutine: Coroutine[Any, Any, _T]) -> asyncio.Task[_T]:
        """
        Run something until it has to wait.
        """
        task = self.loop.create_task(coroutine)
        self.turn()
        return task

    def turn(self) -> None:
        """
        Let everybody in the loop have some turns.
        """

        async def turns() -> None:
            for _ in range(10):
                await asyncio.sleep(0)

        self.run_(turns())

    def stopTime(self) -> Callable[[], object]:
        """
        Have time stand still for the loop, however long anything takes.

        @return: Lets it go on.
        """
        now = self.loop.time()
        stopped = self.patch(self.loop, "time", lambda: now)
        return lambda: stopped.restore()

    def end(self, task: asyncio.Task[_T]) -> _T:
        """
        Wait for something that was begun.
        """
        return self.loop.run_until_complete(task)
