"""
What waits to be sent to somebody who may not be reading.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias

from zope.interface import implementer

from attrs import define, field

from twisted.internet.interfaces import IPushProducer, ITransport

from ..prompt import writeNow

#: The most messages that wait for one reader.
MOST: Final = 2**16

#: Makes a message when it is about to be sent, so that those that wait take
#: no memory but that of the values they are made of.
Maker: TypeAlias = Callable[[], bytes]


@implementer(IPushProducer)
@define(eq=False)
class Outbox:
    """
    The messages for one connection, in order.

    @ivar _full: Called once, when too many wait.
    """

    _transport: ITransport
    _full: Callable[[], None]
    _most: int = MOST
    _waiting: deque[Maker] = field(factory=deque, init=False)
    _paused: bool = field(default=False, init=False)
    _closed: bool = field(default=False, init=False)

    def put(self, maker: Maker) -> None:
        """
        Send a message, now or when the other side reads again.
        """
        if self._closed:
            return
        if not self._paused:
            writeNow(self._transport, maker())
        elif len(self._waiting) < self._most:
            self._waiting.append(maker)
        else:
            self.stopProducing()
            self._full()

    def pauseProducing(self) -> None:
        """
        Keep what comes: the other side does not read.
        """
        self._paused = True

    def resumeProducing(self) -> None:
        """
        Send what waits.
        """
        self._paused = False
        while self._waiting and not self._paused:
            writeNow(self._transport, self._waiting.popleft()())

    def stopProducing(self) -> None:
        """
        Forget what waits, and whatever comes.
        """
        self._closed = True
        self._waiting.clear()
