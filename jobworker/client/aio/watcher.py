"""
Watching jobs over connections that get lost, in an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Protocol, TypeVar

from attrs import define

from ..failures import Failure, Unreachable
from ..happenings import Happening
from ..outlook import Outlook
from ..questions import Inquiry
from .persisting import persisting

_Answer = TypeVar("_Answer")


class AsyncWatchConnection(Protocol):
    """
    What a watcher needs of a connection.
    """

    def follow(self, inquiry: Inquiry[_Answer]) -> AsyncGenerator[_Answer, None]:
        """
        Ask what is answered again and again.
        """


@define(eq=False)
class AsyncJobWatcher:
    """
    Watches jobs, however often the connection is lost.
    """

    _borrow: Callable[[], AbstractAsyncContextManager[AsyncWatchConnection]]
    _outlook: Outlook
    _explain: Callable[[Unreachable], Awaitable[Failure]]
    _sleep: Callable[[float], Awaitable[object]]

    def happenings(self) -> AsyncGenerator[Happening, None]:
        """
        Watch, without an end.

        @raise Failure: If it is of no use to go on.
        """
        return persisting(
            self._attempt, self._outlook.another, self._explain, self._sleep
        )

    async def _attempt(self) -> AsyncGenerator[Happening, None]:
        """
        Watch on over a connection, until that is lost.
        """
        async with (
            self._borrow() as connection,
            aclosing(connection.follow(self._outlook.inquiry())) as replies,
        ):
            async for reply in replies:
                happening = self._outlook.take(reply)
                if happening is not None:
                    yield happening
        raise self._outlook.over()
