"""
Things that happen once, and that any number may wait for.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from attrs import define, field

from twisted.internet.defer import Deferred

_T = TypeVar("_T")


@define(eq=False)
class Milestone(Generic[_T]):
    """
    One such thing, with what came of it.
    """

    _outcome: list[_T] = field(factory=list, init=False)
    _waiting: list[Deferred[_T]] = field(factory=list, init=False)

    @property
    def reached(self) -> bool:
        """
        Whether it has happened.
        """
        return bool(self._outcome)

    def reach(self, outcome: _T) -> None:
        """
        Let it happen: release those who wait, in their order.

        @raise ValueError: If it has happened before.
        """
        if self._outcome:
            raise ValueError("it has happened already")
        self._outcome.append(outcome)
        waiting, self._waiting = self._waiting, []
        for deferred in waiting:
            deferred.callback(outcome)

    def wait(self) -> Deferred[_T]:
        """
        Wait for it.

        @return: A L{Deferred} of the caller's own, which may be cancelled.
        """
        deferred: Deferred[_T] = Deferred(self._waiting.remove)
        if self._outcome:
            deferred.callback(self._outcome[0])
        else:
            self._waiting.append(deferred)
        return deferred
