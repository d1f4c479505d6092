"""
Those who are told what happens to jobs.
"""

from __future__ import annotations

from collections import Counter

from zope.interface import implementer

from attrs import define, field

from ..interfaces.roster import IRosterListener
from ..jobs import Record


@implementer(IRosterListener)
@define(eq=False)
class Indifferent:
    """
    A listener of no interest in anything: for those who care about one thing.
    """

    def jobChanged(self, record: Record) -> None:
        """
        A job was started or has changed.
        """

    def jobForgotten(self, identifier: str | None) -> None:
        """
        A job was deleted.
        """

    def logGrew(self, identifier: str) -> None:
        """
        A log has grown.
        """

    def journalGrew(self) -> None:
        """
        There is more in the journal.
        """


@implementer(IRosterListener)
@define(eq=False)
class Audience:
    """
    Passes on to each of its listeners what it is told.

    @ivar followed: How often each job is followed.
    """

    followed: Counter[str] = field(factory=Counter, init=False)
    _listeners: list[IRosterListener] = field(factory=list, init=False)

    def add(self, listener: IRosterListener) -> None:
        """
        Pass everything on to a listener from now on.
        """
        self._listeners.append(listener)

    def remove(self, listener: IRosterListener) -> None:
        """
        Pass nothing more on to a listener.
        """
        self._listeners.remove(listener)

    def follow(self, identifier: str) -> None:
        """
        Pass on when the log of this job grows.
        """
        self.followed[identifier] += 1

    def unfollow(self, identifier: str) -> None:
        """
        Take back one L{follow}.
        """
        self.followed[identifier] -= 1
        if self.followed[identifier] <= 0:
            del self.followed[identifier]

    def jobChanged(self, record: Record) -> None:
        """
        A job was started or has changed, and so has the journal.
        """
        for listener in tuple(self._listeners):
            listener.jobChanged(record)
        self.journalGrew()

    def jobForgotten(self, identifier: str | None) -> None:
        """
        A job was deleted, and that is in the journal.
        """
        for listener in tuple(self._listeners):
            listener.jobForgotten(identifier)
        self.journalGrew()

    def logGrew(self, identifier: str) -> None:
        """
        A log has grown, and may be followed.
        """
        if identifier in self.followed:
            for listener in tuple(self._listeners):
                listener.logGrew(identifier)

    def journalGrew(self) -> None:
        """
        There is more in the journal.
        """
        for listener in tuple(self._listeners):
            listener.journalGrew()
