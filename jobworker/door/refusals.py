"""
A log of those who were turned away, which nobody can fill.
"""

from __future__ import annotations

from typing import ClassVar, Final

from attrs import define, field

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger, LogLevel

from ..access.decisions import Decision, IWitness, Nobody
from ..access.identity import Peer
from .causes import wordFor

#: How long a window lasts, in seconds.
WINDOW: Final = 60.0

#: How many refusals of a window are logged one by one.
BURST: Final = 100


@define(eq=False)
class RefusalLog:
    """
    Logs each refusal once, with its cause; of many, how many more there were.

    @ivar _witness: Is told of each.
    @ivar refused: How many there have been since the start.
    """

    log: ClassVar[Logger] = Logger()

    _clock: IReactorTime
    _witness: IWitness = field(factory=Nobody)
    refused: int = field(default=0, init=False)
    _inWindow: int = field(default=0, init=False)
    _windowEnd: IDelayedCall | None = field(default=None, init=False)

    def note(
        self,
        address: str,
        cause: str,
        *,
        ours: bool = False,
        peer: Peer | None = None,
    ) -> None:
        """
        Log a refusal.

        @param address: Where the visitor comes from.

        @param cause: Why it is refused, in our words.

        @param ours: Whether it was no fault of the visitor's.

        @param peer: Who it is, if that is known.
        """
        self.refused += 1
        self._witness.decided(
            Decision(
                False, cause=wordFor(cause), reason=cause, address=address, peer=peer
            )
        )
        if self._windowEnd is None:
            self._windowEnd = self._clock.callLater(WINDOW, self._endWindow)
        self._inWindow += 1
        if self._inWindow <= BURST:
            level = LogLevel.warn if ours else LogLevel.info
            self.log.emit(
                level,
                "refused {address}: {cause}",
                address=address,
                peer=address,
                cause=cause,
            )

    def close(self) -> None:
        """
        Say what is left to say.
        """
        if self._windowEnd is not None:
            self._windowEnd.cancel()
            self._endWindow()

    def _endWindow(self) -> None:
        unnamed = self._inWindow - BURST
        self._inWindow = 0
        self._windowEnd = None
        if unnamed > 0:
            self.log.warn(
                "refused {count} more connections within a minute", count=unnamed
            )
