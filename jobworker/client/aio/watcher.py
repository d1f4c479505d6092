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

    async def happenings(self) -> AsyncGenerator[Happening, None]:
        """
        Watch, without an end.

        @raise Failure: If it is of no use to go on.
        """
        while True:
            try:
                async with aclosing(self._attempt()) as happenings:
                    async for happening in happenings:
                        yield happening
            except Unreachable as failure:
                self._outlook.lost()
                explained = await self._explain(failure)
            waiting = self._outlook.another(explained)
            yield waiting
            await self._sleep(waiting.delay)

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
