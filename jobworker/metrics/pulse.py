"""
How late an event loop is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

from ..metering import Later, Scheduled

#: Seconds between two looks.
INTERVAL: Final = 0.25


@define(eq=False)
class Pulse:
    """
    Has itself called again and again, and measures how much too late that
    happens.

    It belongs to the loop's thread.

    @ivar _tell: Is told the seconds.
    """

    _later: Later
    _now: Callable[[], float]
    _tell: Callable[[float], None]
    _due: float = field(default=0.0, init=False)
    _next: Scheduled | None = field(default=None, init=False)

    def begin(self) -> None:
        """
        Begin to measure.
        """
        self._due = self._now() + INTERVAL
        self._next = self._later(INTERVAL, self._beat)

    def end(self) -> None:
        """
        Measure no more.
        """
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _beat(self) -> None:
        self._tell(max(0.0, self._now() - self._due))
        self.begin()
