"""
Going on over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

from .events import Waiting
from .failures import Failure, Unreachable

_Event = TypeVar("_Event")


def persisting(
    attempt: Callable[[], Iterator[_Event]],
    another: Callable[[Failure], Waiting],
    explain: Callable[[Unreachable], Failure],
    sleep: Callable[[float], object],
) -> Generator[_Event | Waiting, None, None]:
    """
    Attempt something until it comes to its end, however often the connection is
    lost.

    @param attempt: Goes on where the attempt before has come to.

    @param another: Decides after a connection was lost, when more was found out
        about that; see L{Attempts.another}.

    @return: What the attempts tell, and when there will be another.
    """
    while True:
        try:
            yield from attempt()
            return
        except Unreachable as failure:
            explained = explain(failure)
        waiting = another(explained)
        yield waiting
        sleep(waiting.delay)
