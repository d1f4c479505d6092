"""
Listeners to logs, of both kinds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from attrs import frozen

from jobworker.client.aio.reader import AsyncLogReader
from jobworker.client.course import Course
from jobworker.client.events import Event, Output
from jobworker.client.failures import Failure, Unreachable
from jobworker.client.questions import Inquiry, Question
from jobworker.client.reader import LogReader
from jobworker.client.readings import ChunkReading, LineReading

from .logscripts import ScriptedConnection
from .wireserver import ID

_Answer = TypeVar("_Answer")


class Listener:
    """
    Takes all events of one reading.

    @ivar slept: How long the reader waited, each time.
    """

    def __init__(
        self,
        connection: ScriptedConnection,
        explain: Callable[[Unreachable], Failure] = lambda failure: failure,
        lines: LineReading | None = None,
    ) -> None:
        """
        Read nothing yet.
        """
        self.slept: list[float] = []
        self.events: list[Event] = []
        self._connection = connection
        self._course = Course(ChunkReading(ID), lines)
        self._explain = explain

    def listen(self) -> None:
        """
        Read to the end.
        """
        for event in self._reader().events():
            self.events.append(event)

    def abandon(self) -> None:
        """
        Take one event, and no other.
        """
        events = self._reader().events()
        next(events)
        events.close()

    def _reader(self) -> LogReader:
        return LogReader(
            self._connection.connect, self._course, self._explain, self.slept.append
        )

    def received(self, source: int) -> bytes:
        """
        Get what arrived of one source, in the order in which it did.
        """
        return b"".join(
            event.data
            for event in self.events
            if isinstance(event, Output) and event.source == source
        )


class AsyncListener(Listener):
    """
    Takes all events of one reading in an event loop.
    """

    def listen(self) -> None:
        """
        Read to the end.
        """
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        async for event in self._events():
            self.events.append(event)

    def abandon(self) -> None:
        """
        Take one event, and no other.
        """
        asyncio.run(self._abandon())

    async def _abandon(self) -> None:
        events = self._events()
        await anext(events)
        await events.aclose()

    def _events(self) -> AsyncGenerator[Event, None]:
        async def explain(failure: Unreachable) -> Failure:
            return self._explain(failure)

        async def sleep(seconds: float) -> None:
            self.slept.append(seconds)

        return AsyncLogReader(
            AsyncScripted(self._connection).borrow,
            self._course,
            explain,
            sleep,
        ).events()


@frozen
class AsyncScripted:
    """
    A scripted connection for an event loop.
    """

    _connection: ScriptedConnection

    async def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask what is answered soon.
        """
        return self._connection.ask(question)

    async def follow(self, inquiry: Inquiry[_Answer]) -> AsyncGenerator[_Answer, None]:
        """
        Ask what is answered again and again.
        """
        for message in self._connection.follow(inquiry):
            yield message

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AsyncScripted]:
        """
        Count another connection, and its end.
        """
        self._connection.connect()
        try:
            yield self
        finally:
            self._connection.close()
