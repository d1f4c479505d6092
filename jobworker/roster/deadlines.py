"""
The times after which a job is ended that asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import define, field

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..jobs import Cause
from ..specification import Specification

# Seconds until it is looked at the time again, at most: the clock of a reactor
# may be set, and then calls come early or late.
_LOOK: Final = 60.0


@define(eq=False)
class Deadlines:
    """
    The deadlines of one job.

    @ivar _elapsed: Seconds on a clock that nobody sets.
    @ivar _expire: Called once, with the cause and its reason in words, when the
        first has passed.
    """

    _clock: IReactorTime
    _elapsed: Callable[[], float]
    _wanted: Specification
    _expire: Callable[[Cause, str], None]
    _began: float = field(default=0.0, init=False)
    _heard: float = field(default=0.0, init=False)
    _call: IDelayedCall | None = field(default=None, init=False)

    def start(self) -> None:
        """
        Count from now on.
        """
        self._began = self._heard = self._elapsed()
        self._look()

    def hear(self) -> None:
        """
        The job has written something.
        """
        self._heard = self._elapsed()

    def cancel(self) -> None:
        """
        Let nothing pass any more.
        """
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def _look(self) -> None:
        """
        See whether one has passed, and wait for the next.
        """
        self._call = None
        deadlines = [
            (since + seconds, cause, f"it {did} for {seconds:g} s")
            for seconds, since, cause, did in (
                (self._wanted.timeout, self._began, Cause.TIMED_OUT, "ran"),
                (self._wanted.idleTimeout, self._heard, Cause.IDLE, "wrote nothing"),
            )
            if seconds is not None
        ]
        if not deadlines:
            return
        at, cause, reason = min(deadlines, key=lambda each: each[0])
        left = at - self._elapsed()
        if left <= 0:
            self._expire(cause, reason)
        else:
            self._call = self._clock.callLater(min(left, _LOOK), self._look)
