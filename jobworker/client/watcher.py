"""
Watching jobs over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Protocol, TypeVar

from attrs import define

from .failures import Failure, Unreachable
from .happenings import Happening
from .outlook import Outlook
from .persisting import persisting
from .questions import Inquiry

_Answer = TypeVar("_Answer")


class WatchConnection(Protocol):
    """
    What a watcher needs of a connection.
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
class JobWatcher:
    """
    Watches jobs, however often the connection is lost.
    """

    _connect: Callable[[], WatchConnection]
    _outlook: Outlook
    _explain: Callable[[Unreachable], Failure]
    _sleep: Callable[[float], object]

    def happenings(self) -> Generator[Happening, None, None]:
        """
        Watch, without an end.

        @raise Failure: If it is of no use to go on.
        """
        return persisting(
            self._attempt, self._outlook.another, self._explain, self._sleep
        )

    def _attempt(self) -> Iterator[Happening]:
        """
        Watch on over a new connection, until that is lost.
        """
        with closing(self._connect()) as connection:
            for reply in connection.follow(self._outlook.inquiry()):
                happening = self._outlook.take(reply)
                if happening is not None:
                    yield happening
        raise self._outlook.over()
