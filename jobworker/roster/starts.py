"""
Starts of jobs that are in progress, and whether there may be more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field

from twisted.internet.defer import Deferred, succeed

from ..errors import ShuttingDown
from ..milestones import Milestone


@define(eq=False)
class Starts:
    """
    Counts starts, until there are to be none.

    @ivar _over: Reached when the last has come to its end after that.
    """

    _count: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)
    _over: Milestone[None] = field(factory=Milestone, init=False)

    @contextmanager
    def one(self) -> Iterator[None]:
        """
        Count a start while the context lasts.

        @raise ShuttingDown: If there are to be none.
        """
        if self._closed:
            raise ShuttingDown
        self._count += 1
        try:
            yield
        finally:
            self._count -= 1
            if self._closed and not self._count:
                self._over.reach(None)

    def close(self) -> Deferred[None]:
        """
        Let none begin any more.

        @return: A L{Deferred} firing when none is in progress.
        """
        self._closed = True
        return self._over.wait() if self._count else succeed(None)
