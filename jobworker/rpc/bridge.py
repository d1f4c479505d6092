"""
The one place that knows both threads: the reactor's and the one of the gRPC
server, which runs an asyncio loop.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, CancelledError, Future
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from attrs import define, field, frozen

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

from ..errors import JobWorkerError, ShuttingDown

_T = TypeVar("_T")


class IAsking(Protocol):
    """
    What a coroutine needs of a bridge.
    """

    async def ask(
        self,
        question: Callable[[], Deferred[_T]],
        seconds: float,
        cancels: bool = True,
    ) -> _T:
        """
        Have something done in the reactor thread, and wait for the answer.
        """

    def tell(self, what: Callable[..., object], *arguments: object) -> None:
        """
        Have something done in the reactor thread, and do not wait.
        """


@frozen(eq=False)
class NotAnswered(JobWorkerError):
    """
    The reactor was asked for something and did not answer in time.

    Whether it was done, nobody knows.
    """

    seconds: float

    def __str__(self) -> str:
        return (
            f"the service did not answer within {self.seconds:g} s, "
            "and may have done it or do it yet"
        )


@define(eq=False)
class _Crossing:
    """
    A question on its way.

    @ivar future: The answer; it belongs to the loop.
    @ivar deferred: The answer; it belongs to the reactor.
    """

    question: Callable[[], Deferred[Any]]
    future: Future[Any]
    cancels: bool
    deferred: Deferred[Any] | None = None


@define(eq=False)
class Bridge:
    """
    Carries questions of coroutines to the reactor, and news to the loop.

    @ivar _letters: What the loop is to do next; filled by the reactor.
    @ivar _delivering: Whether the loop has been told that there are any.
    @ivar _open: Questions that the reactor has not answered.
    """

    _reactor: IReactorFromThreads
    _loop: AbstractEventLoop
    _letters: deque[tuple[Callable[..., object], tuple[object, ...]]] = field(
        factory=deque, init=False
    )
    _delivering: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)
    _open: set[_Crossing] = field(factory=set, init=False)

    async def ask(
        self,
        question: Callable[[], Deferred[_T]],
        seconds: float,
        cancels: bool = True,
    ) -> _T:
        """
        Have something done in the reactor thread, and wait for the answer.

        Call this in the loop.

        @param cancels: Whether the Deferred is cancelled when nobody waits
            for it any more.

        @raise NotAnswered: If there is no answer in time.

        @raise ShuttingDown: If the bridge is closed, or closes meanwhile.
        """
        if self._closed:
            raise ShuttingDown
        future: Future[_T] = self._loop.create_future()
        crossing = _Crossing(question, future, cancels)
        self._reactor.callFromThread(self._put, crossing)
        late = NotAnswered(seconds)
        timer = self._loop.call_later(seconds, _settle, future, late)
        try:
            return await future
        except (CancelledError, NotAnswered):
            self._reactor.callFromThread(self._withdraw, crossing)
            raise
        finally:
            timer.cancel()

    def tell(self, what: Callable[..., object], *arguments: object) -> None:
        """
        Have something done in the reactor thread, and do not wait.

        Call this in the loop.
        """
        self._reactor.callFromThread(what, *arguments)

    def post(self, what: Callable[..., object], *arguments: object) -> None:
        """
        Have something done in the loop, in the order of the calls.

        Call this in the reactor thread.  The loop is woken once for all that
        is posted before it looks.
        """
        self._letters.append((what, arguments))
        # Who reads this flag as set knows that the letters will be looked at
        # after it: _deliver takes the flag back before it looks.
        if not self._delivering:
            self._delivering = True
            self._loop.call_soon_threadsafe(self._deliver)

    def close(self) -> None:
        """
        Answer no more, and release all who wait.

        Call this in the reactor thread, while the loop still runs.
        """
        self._closed = True
        waiting, self._open = self._open, set()
        for crossing in waiting:
            self.post(_settle, crossing.future, ShuttingDown())
            if crossing.cancels and crossing.deferred is not None:
                crossing.deferred.cancel()

    async def leave(self) -> None:
        """
        Close the bridge from the other side.

        Call this in the loop.  Nothing is posted once it has returned.
        """
        left: Future[None] = self._loop.create_future()
        self._reactor.callFromThread(self._leave, left)
        await left

    def _leave(self, left: Future[None]) -> None:
        """
        Close, and say so, in the reactor thread.
        """
        self.close()
        self.post(_settle, left, None)

    def _put(self, crossing: _Crossing) -> None:
        """
        Put a question, in the reactor thread.
        """
        if self._closed:
            self.post(_settle, crossing.future, ShuttingDown())
            return
        self._open.add(crossing)
        crossing.deferred = maybeDeferred(crossing.question)
        crossing.deferred.addBoth(self._answered, crossing)

    def _answered(self, answer: object, crossing: _Crossing) -> None:
        """
        Carry an answer back, unless nobody waits for it.
        """
        if crossing in self._open:
            self._open.remove(crossing)
            self.post(_settle, crossing.future, answer)

    def _withdraw(self, crossing: _Crossing) -> None:
        """
        Take a question back, in the reactor thread.
        """
        if crossing in self._open:
            self._open.remove(crossing)
            if crossing.cancels and crossing.deferred is not None:
                crossing.deferred.cancel()

    def _deliver(self) -> None:
        """
        Do what was posted, in the loop.
        """
        self._delivering = False
        while self._letters:
            what, arguments = self._letters.popleft()
            what(*arguments)


def _settle(future: Future[Any], answer: object) -> None:
    """
    Give an answer to who still waits for it.
    """
    if future.done():
        return
    if isinstance(answer, Failure):
        answer = answer.value
    if isinstance(answer, BaseException):
        future.set_exception(answer)
    else:
        future.set_result(answer)
