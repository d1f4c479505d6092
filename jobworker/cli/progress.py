"""
How much was written, shown while it is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Final

from attrs import define, field

from .printing import Outlet

#: Seconds between two looks.
_INTERVAL: Final = 0.2

#: How many looks ago that was written which the rate is found from.
_LOOKS: Final = 25

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


@define(eq=False)
class Progress:
    """
    One line on a terminal, which is rewritten in its place and taken away in the
    end.

    It changes when something is written, and at no other time; and it is not shown
    behind half a line of something else.
    """

    _terminal: Outlet
    _clock: Callable[[], float] = time.monotonic
    _count: int = field(default=0, init=False)
    _looks: deque[tuple[float, int]] = field(
        factory=lambda: deque(maxlen=_LOOKS), init=False
    )
    _width: int = field(default=0, init=False)
    _behindLine: bool = field(default=True, init=False)

    def wrote(self, count: int) -> None:
        """
        Take note of more bytes, and show it if it is time to.
        """
        self._count += count
        now = self._clock()
        if not self._behindLine:
            return
        if not self._looks:
            self._show("")
        elif now - self._looks[-1][0] >= _INTERVAL:
            then, before = self._looks[0]
            rate = (self._count - before) / (now - then)
            self._show(f", {inUnits(rate)}/s")
        else:
            return
        self._looks.append((now, self._count))

    def clear(self) -> None:
        """
        Take the line away, until something is written again.
        """
        if self._width:
            self._terminal.write(b"\r%b\r" % (b" " * self._width))
            self._width = 0

    def behind(self, data: bytes) -> None:
        """
        Take note of what else was written to the terminal.
        """
        self._behindLine = data.endswith(b"\n") if data else self._behindLine

    def _show(self, rate: str) -> None:
        """
        Write the line over the one that there is.
        """
        text = inUnits(self._count) + rate
        self._terminal.write(f"\r{text:<{self._width}}".encode())
        self._width = max(self._width, len(text))


@define
class CountedOutlet(Outlet):
    """
    An outlet whose bytes are counted.
    """

    _progress: Progress

    def write(self, data: bytes) -> None:
        """
        Write everything, and count it.
        """
        super().write(data)
        self._progress.wrote(len(data))


@define
class SharedOutlet(Outlet):
    """
    An outlet to the terminal that the line is on.
    """

    _progress: Progress

    def write(self, data: bytes) -> None:
        """
        Write everything where the line was.
        """
        self._progress.clear()
        super().write(data)
        self._progress.behind(data)


def inUnits(count: float) -> str:
    """
    Write a number of bytes in the unit that fits.
    """
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 0 if unit == 0 or count >= 99.95 else 1
    return f"{count:.{digits}f} {_UNITS[unit]}"
