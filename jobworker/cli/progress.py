"""
How much was written, shown while it is.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from attrs import define, field

from .invocation import environment
from .outlets import Outlet
from .screen import canShow

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
    _isShown: bool = field(default=False, init=False)
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
        if self._isShown:
            self._isShown = False
            self._write("")

    def behind(self, data: bytes) -> None:
        """
        Take note of what else was written to the terminal.
        """
        self._behindLine = data.endswith(b"\n") if data else self._behindLine

    def _show(self, rate: str) -> None:
        """
        Write the line over the one that there is.
        """
        self._write(f"{inUnits(self._count)}{rate}")
        self._isShown = True

    def _write(self, text: str) -> None:
        """
        Have nothing but this in the line, as long as the terminal is ours.

        What is copied is not held up where it has gone away, or a shell has it.
        """
        if _isForUs(self._terminal.descriptor):
            with suppress(OSError):
                # Keys that were pressed may stand there, too.
                self._terminal.write(f"\r{text}\x1b[K".encode())


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

    def ask(self, text: str) -> None:
        """
        Write a question where the line was.
        """
        super().ask(text)
        self._progress.behind(b"\n")


@contextmanager
def progressing(
    out: Outlet, err: Outlet, wanted: bool
) -> Iterator[tuple[Outlet, Outlet]]:
    """
    Show how much is written to C{out} while the context lasts, if that is a file
    and somebody looks at a terminal, to which C{err} writes.

    @param wanted: Whether it may be shown at all.

    @return: What to write to instead of both.
    """
    if not wanted or not _isSeen(out.descriptor):
        yield out, err
        return
    progress = Progress(err)
    try:
        yield (
            CountedOutlet(out.descriptor, progress, path=out.path),
            SharedOutlet(err.descriptor, progress),
        )
    finally:
        progress.clear()


def _isSeen(descriptor: int) -> bool:
    """
    Say whether somebody can see how much is written there: to a file.  What reads a
    pipe may write to the terminal itself.
    """
    isFile = stat.S_ISREG(os.fstat(descriptor).st_mode)
    return isFile and canShow(sys.stderr, environment())


def _isForUs(terminal: int) -> bool:
    """
    Say whether a terminal shows what we do, and not what a shell does meanwhile
    that has us in the background.
    """
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        # It is none that a shell shares with us.
        return True


def inUnits(count: float) -> str:
    """
    Write a number of bytes in the unit that fits.
    """
    unit = 0
    while count >= 999.5 and unit < len(_UNITS) - 1:
        count, unit = count / 1000, unit + 1
    digits = 0 if unit == 0 or count >= 99.95 else 1
    return f"{count:.{digits}f} {_UNITS[unit]}"
