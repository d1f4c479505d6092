"""
Turns at what only a few may do at a time.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, CancelledError, Future
from collections import deque
from weakref import WeakValueDictionary

from attrs import define, field


@define(eq=False)
class Turns:
    """
    Turns that come in the order in which they were asked for.

    @ivar _free: How many there are that nobody has.
    @ivar _waiting: Those who wait for one, some of whom may have left.
    """

    _loop: AbstractEventLoop
    _free: int
    _waiting: deque[Future[None]] = field(factory=deque, init=False)

    async def take(self) -> None:
        """
        Wait for a turn, and have it until L{giveBack}.
        """
        if self._free > 0:
            self._free -= 1
            return
        waiting = self._loop.create_future()
        self._waiting.append(waiting)
        try:
            await waiting
        except CancelledError:
            if not waiting.cancelled():
                # The turn had come, and whoever waited has left.
                self.giveBack()
            raise

    def giveBack(self) -> None:
        """
        Let another have a turn.
        """
        while self._waiting:
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return
        self._free += 1


@define(eq=False)
class Shares:
    """
    Turns for each of several, so that one who wants many does not keep out the
    others.

    @ivar _share: How many each has at a time.
    @ivar _turns: Those of everybody who has or wants some, by name.
    """

    _loop: AbstractEventLoop
    _share: int
    _turns: WeakValueDictionary[str, Turns] = field(
        factory=WeakValueDictionary, init=False
    )

    def of(self, name: str) -> Turns:
        """
        Find the turns of somebody, to be kept for as long as they are used.
        """
        turns = self._turns.get(name)
        if turns is None:
            turns = self._turns[name] = Turns(self._loop, self._share)
        return turns
