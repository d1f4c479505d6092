"""
Waiting for a job to end over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from attrs import define

from .failures import Failure, TimedOut, Unreachable
from .reader import DELAYS

_T = TypeVar("_T")


@define(eq=False)
class Patience:
    """
    How long somebody waits, and what he does when a connection is lost.

    @ivar _limit: Seconds to wait; C{None}: for as long as it takes.
    @ivar _explain: Finds out why there is no connection.
    @ivar _sleep: Waits for so many seconds before another attempt.
    """

    _limit: float | None
    _explain: Callable[[Unreachable], Failure]
    _sleep: Callable[[float], None]

    def insist(self, attempt: Callable[[float | None], _T]) -> _T:
        """
        Ask until there is an answer.

        @param attempt: Asks once, for so many seconds.

        @raise TimedOut: If it took too long.

        @raise Failure: If it is of no use to ask again.
        """
        until = None if self._limit is None else monotonic() + self._limit
        failed = 0
        while True:
            began = monotonic()
            try:
                return attempt(None if until is None else max(until - began, 0.0))
            except TimedOut:
                if until is None:
                    raise
                raise TimedOut(
                    f"the job has not ended within {self._limit:g} s", "wait longer"
                ) from None
            except Unreachable as failure:
                # A connection that has lasted was a good one.
                if monotonic() - began > DELAYS[-1]:
                    failed = 0
                explained = self._explain(failure)
            if failed == len(DELAYS) or not isinstance(explained, Unreachable):
                raise explained
            self._sleep(DELAYS[failed])
            failed += 1
