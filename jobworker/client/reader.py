"""
Reading a log over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Protocol, TypeVar

from attrs import define

from .course import Course
from .events import Event, Finished
from .failures import Failure, Unreachable, Unsupported
from .persisting import persisting
from .questions import Inquiry, Question

_Answer = TypeVar("_Answer")


class LogConnection(Protocol):
    """
    What a reader needs of a connection.
    """

    def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask what is answered soon.
        """

    def follow(self, inquiry: Inquiry[_Answer]) -> Iterator[_Answer]:
        """
        Ask what is answered again and again.
        """

    def close(self) -> None:
        """
        End the connection.
        """


@define(eq=False)
class LogReader:
    """
    Reads one log to its end, however often the connection is lost.

    Nothing is fetched that is not asked for: who takes events slowly slows the
    server's sending to him, and nothing else.
    """

    _connect: Callable[[], LogConnection]
    _course: Course
    _explain: Callable[[Unreachable], Failure]
    _sleep: Callable[[float], object]

    def events(self) -> Generator[Event, None, None]:
        """
        Read the log.

        @return: What happens, L{Finished} last.

        @raise Failure: If the log cannot be read, or not any more, or is not
            what the job wrote.
        """
        return persisting(
            self._attempt, self._course.another, self._explain, self._sleep
        )

    def _attempt(self) -> Iterator[Event]:
        """
        Read on, in lines if the server does not know better.
        """
        while True:
            try:
                yield from self._read()
                return
            except Unsupported as failure:
                self._course.unsupported(failure)

    def _read(self) -> Iterator[Event]:
        """
        Read on over a new connection.
        """
        reading = self._course.reading
        connection = self._connect()
        try:
            for message in connection.follow(reading.inquiry()):
                event = reading.take(message)
                if event is not None:
                    yield event
                if isinstance(event, Finished):
                    return
            yield Finished(connection.ask(reading.after()))
        finally:
            connection.close()
