"""
How much is said of what others can do as often as they like.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from attrs import define, field


@define(eq=False)
class Sparing:
    """
    Lets so many events of each window of time be logged, and counts the
    others.

    @ivar _most: How many.
    @ivar _window: Seconds.
    """

    _most: int = 100
    _window: float = 60.0
    _clock: Callable[[], float] = monotonic
    _end: float = field(default=float("-inf"), init=False)
    _said: int = field(default=0, init=False)
    _omitted: int = field(default=0, init=False)

    def take(self) -> int | None:
        """
        Decide about one event.

        @return: C{None} if it shall not be logged; otherwise how many were not
            since the last that was.
        """
        now = self._clock()
        if now >= self._end:
            self._end = now + self._window
            self._said = 0
        if self._said >= self._most:
            self._omitted += 1
            return None
        self._said += 1
        omitted, self._omitted = self._omitted, 0
        return omitted
