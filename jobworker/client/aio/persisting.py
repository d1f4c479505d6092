"""
Going on over connections that get lost, in an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeVar

from ..events import Waiting
from ..failures import Failure, Unreachable

_Event = TypeVar("_Event")


async def persisting(
    attempt: Callable[[], AsyncGenerator[_Event, None]],
    another: Callable[[Failure], Waiting],
    explain: Callable[[Unreachable], Awaitable[Failure]],
    sleep: Callable[[float], Awaitable[object]],
) -> AsyncGenerator[_Event | Waiting, None]:
    """
    Attempt something until it comes to its end; see
    L{jobworker.client.persisting.persisting}.
    """
    while True:
        try:
            async with aclosing(attempt()) as events:
                async for event in events:
                    yield event
            return
        except Unreachable as failure:
            explained = await explain(failure)
        waiting = another(explained)
        yield waiting
        await sleep(waiting.delay)
