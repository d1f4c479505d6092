"""
How much those who are sent many messages may do before it is the turn of all
others.

It knows nothing of what they do.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import deque
from collections.abc import Hashable
from typing import Final

from attrs import define, field

# A step takes up to a millisecond, and to take up a call and answer it takes
# several turns of the loop.
_STEPS: Final = 1


@define(eq=False)
class Pace:
    """
    Steps, so many in each turn of the loop.  Who has to wait gets them in
    order, and several callers get them by turns, however many steps one wants.

    All of it belongs to the loop.

    @ivar _left: How many may be taken before the loop turns.
    @ivar _waiting: Those who wait, by who called, whose turn is next first.
    @ivar _turning: Whether L{_turn} will be called.
    """

    _loop: AbstractEventLoop
    _steps: int = _STEPS
    _left: int = field(init=False)
    _waiting: dict[Hashable, deque[Future[None]]] = field(factory=dict, init=False)
    _turning: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._left = self._steps

    async def step(self, caller: Hashable) -> None:
        """
        Wait until a step may be taken.
        """
        if not self._turning:
            self._turning = True
            self._loop.call_soon(self._turn)
        if self._left > 0 and not self._waiting:
            self._left -= 1
            return
        waiting = self._loop.create_future()
        self._waiting.setdefault(caller, deque()).append(waiting)
        await waiting

    def _turn(self) -> None:
        """
        The loop has turned: let those go on who wait.
        """
        self._turning = False
        self._left = self._steps
        while self._waiting and self._left > 0:
            caller = next(iter(self._waiting))
            line = self._waiting.pop(caller)
            waiting = line.popleft()
            if line:
                self._waiting[caller] = line
            # Some have left.
            if not waiting.done():
                waiting.set_result(None)
                self._left -= 1
        if self._waiting:
            self._turning = True
            self._loop.call_soon(self._turn)
