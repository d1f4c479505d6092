"""
Waiting for a job to end over connections that get lost.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic

from attrs import define, field

from .events import Waiting
from .failures import Failure, TimedOut
from .retrying import DELAYS, Attempts


@define(eq=False)
class Patience:
    """
    How long somebody waits for a job, in one attempt and in all of them.

    @ivar _limit: Seconds to wait; C{None}: for as long as it takes.
    """

    _identifier: str
    _limit: float | None
    _clock: Callable[[], float] = monotonic
    _until: float | None = field(init=False)
    _began: float = field(init=False)
    _attempts: Attempts = field(factory=Attempts, init=False)

    def __attrs_post_init__(self) -> None:
        """
        Begin to count.
        """
        self._began = self._clock()
        self._until = None if self._limit is None else self._began + self._limit

    def attempt(self) -> float | None:
        """
        Take note that an attempt begins.

        @return: Seconds that it may take; C{None} for any time.
        """
        self._began = self._clock()
        return None if self._until is None else max(self._until - self._began, 0.0)

    def over(self, failure: TimedOut) -> Failure:
        """
        Say what it means that an attempt took too long.
        """
        if self._limit is None:
            return failure
        return TimedOut(
            f"job {self._identifier} has not ended within {self._limit:g} s",
            "wait longer, or stop it",
        )

    def lost(self) -> None:
        """
        Take note that the connection of an attempt was lost.
        """
        # A connection that has lasted was a good one.
        if self._clock() - self._began > DELAYS[-1]:
            self._attempts.progressed()

    def another(self, failure: Failure) -> Waiting:
        """
        Decide after a connection was lost; see L{Attempts.another}.
        """
        return self._attempts.another(failure)
