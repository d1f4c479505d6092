"""
Reading a log over connections that get lost, in an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol, TypeVar

from attrs import define

from ..course import Course
from ..events import Event, Finished
from ..failures import Failure, Unreachable, Unsupported
from ..questions import Inquiry, Question
from .persisting import persisting

_Answer = TypeVar("_Answer")


class AsyncLogConnection(Protocol):
    """
    What a reader needs of a connection.
    """

    async def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask what is answered soon.
        """

    def follow(self, inquiry: Inquiry[_Answer]) -> AsyncGenerator[_Answer, None]:
        """
        Ask what is answered again and again.
        """


@define(eq=False)
class AsyncLogReader:
    """
    Reads one log to its end, however often the connection is lost.

    Nothing is fetched that is not asked for: who takes events slowly slows the
    server's sending to him, and nothing else.
    """

    _borrow: Callable[[], AbstractAsyncContextManager[AsyncLogConnection]]
    _course: Course
    _explain: Callable[[Unreachable], Awaitable[Failure]]
    _sleep: Callable[[float], Awaitable[object]]

    def events(self) -> AsyncGenerator[Event, None]:
        """
        Read the log.

        @return: What happens, L{Finished} last.

        @raise Failure: If the log cannot be read, or not any more, or is not
            what the job wrote.
        """
        return persisting(
            self._attempt, self._course.another, self._explain, self._sleep
        )

    async def _attempt(self) -> AsyncGenerator[Event, None]:
        """
        Read on, in lines if the server does not know better.
        """
        while True:
            try:
                async with aclosing(self._read()) as events:
                    async for event in events:
                        yield event
                return
            except Unsupported as failure:
                self._course.unsupported(failure)

    async def _read(self) -> AsyncGenerator[Event, None]:
        """
        Read on over a connection that may be a new one.
        """
        reading = self._course.reading
        async with (
            self._borrow() as connection,
            aclosing(connection.follow(reading.inquiry())) as messages,
        ):
            async for message in messages:
                event = reading.take(message)
                if event is not None:
                    yield event
                if isinstance(event, Finished):
                    return
            yield Finished(await connection.ask(reading.after()))
