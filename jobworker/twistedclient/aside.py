"""
An event loop in a thread beside the reactor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from threading import Thread
from typing import Any, TypeVar

from attrs import define, field, frozen

from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

_T = TypeVar("_T")


@frozen
class _Running:
    """
    A loop that is there.

    @ivar ended: Fires when its thread has nothing more to do.
    """

    loop: asyncio.AbstractEventLoop
    ended: Deferred[None]


@define(eq=False)
class LoopAside:
    """
    Runs coroutines in a loop that is there when it is needed.

    All methods are for the reactor thread.

    @ivar _last: What to do in the loop when everything in it has been cancelled.
    """

    _reactor: IReactorFromThreads
    _last: Callable[[], Coroutine[Any, Any, object]]
    _running: _Running | None = field(default=None, init=False)

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> Deferred[_T]:
        """
        Run something in the loop.

        @return: What comes of it.  When that is cancelled, so is the coroutine.
        """
        if self._running is None:
            self._running = _Running(asyncio.new_event_loop(), Deferred())
            # Who forgets to end it must not be kept from leaving.
            Thread(
                target=self._live,
                args=(self._running,),
                name="jobworker client",
                daemon=True,
            ).start()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._running.loop)

        def cancel(_: Deferred[_T]) -> None:
            """
            Cancel the coroutine.
            """
            future.cancel()

        result: Deferred[_T] = Deferred(cancel)
        future.add_done_callback(
            lambda done: self._reactor.callFromThread(_settle, result, done)
        )
        return result

    def hear(
        self,
        begin: Callable[[], AsyncGenerator[_T, None]],
        received: Callable[[_T], object],
    ) -> Deferred[_T]:
        """
        Take events one by one, and hand them over in the reactor thread.

        @param begin: Gives the events, of which there is at least one.

        @param received: Takes an event.  If it returns a Deferred or a
            coroutine, the next event is not taken before that has come to its
            end.

        @return: The last event, when all have been taken.  Once that is
            cancelled, nothing is handed over any more.
        """

        def hand(event: _T, handed: Future[None]) -> None:
            """
            Hand an event over, if somebody still waits for that.
            """
            if result.called or not handed.set_running_or_notify_cancel():
                return
            maybeDeferred(received, event).addCallbacks(
                lambda _: handed.set_result(None),
                lambda failure: handed.set_exception(failure.value),
            )

        async def hear() -> _T:
            """
            Take all events.
            """
            async with aclosing(begin()) as events:
                async for event in events:
                    handed: Future[None] = Future()
                    self._reactor.callFromThread(hand, event, handed)
                    await asyncio.wrap_future(handed)
            return event

        result = self.run(hear())
        return result

    def end(self) -> Deferred[None]:
        """
        Cancel everything that runs.

        @return: Fires when the thread has nothing more to do.
        """
        running, self._running = self._running, None
        if running is None:
            return succeed(None)
        running.loop.call_soon_threadsafe(running.loop.stop)
        return running.ended

    def _live(self, running: _Running) -> None:
        """
        Run a loop until it is stopped, and leave nothing of it.
        """
        loop = running.loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
            loop.run_until_complete(_cancelAll())
            loop.run_until_complete(self._last())
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())
        finally:
            loop.close()
            self._reactor.callFromThread(running.ended.callback, None)


async def _cancelAll() -> None:
    """
    Cancel all tasks but this one, and wait until they have ended.
    """
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _settle(result: Deferred[_T], done: Future[_T]) -> None:
    """
    Tell what came of a coroutine, if nobody has cancelled it.
    """
    if result.called:
        return
    if done.cancelled():
        result.errback(Failure(CancelledError()))
        return
    error = done.exception()
    if error is None:
        result.callback(done.result())
    else:
        result.errback(Failure(error))
