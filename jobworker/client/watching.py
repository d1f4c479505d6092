"""
Noticing that nothing arrives any more on a connection that is still there.

TCP and gRPC notice a network that swallows everything after minutes only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import Final

from attrs import define, field

#: How often it is looked, in parts of the time that silence may last.
_PARTS: Final = 4


@define(eq=False)
class Watchdog:
    """
    Gives up waiting that has lasted too long.

    Time during which nobody waits does not count: who is slow to take what
    arrives is not punished.

    @ivar patience: Seconds that silence may last.
    @ivar fired: Whether it has given up.
    """

    patience: float
    _giveUp: Callable[[], object]
    _clock: Callable[[], float] = monotonic
    fired: bool = field(default=False, init=False)
    _since: float | None = field(default=None, init=False)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """
        Watch over one wait.
        """
        self._since = self._clock()
        try:
            yield
        finally:
            self._since = None

    def check(self) -> None:
        """
        Give up if it is time to.  Call this in any thread.
        """
        since = self._since
        if since is None or self.fired:
            return
        if self._clock() - since >= self.patience:
            self.fired = True
            self._giveUp()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """
        Check now and then, in a thread of its own.
        """
        over = Event()

        def watch() -> None:
            """
            Check until it is over.
            """
            while not over.wait(self.patience / _PARTS):
                self.check()

        Thread(target=watch, name="jobworker watchdog", daemon=True).start()
        try:
            yield
        finally:
            over.set()
