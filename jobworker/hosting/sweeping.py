"""
The end of whatever is there of a job.

What runs is stopped first, until nothing new turns up: a stopped process
cannot have children any more, and its children can be found by it.  Then all
of it is killed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from signal import SIGKILL, SIGSTOP
from typing import Final

from attrs import define, field

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from .census import Entry, deliver

# Seconds from one look to the next: the first, and the longest.
_SOON: Final = 0.002
_LATE: Final = 1.0
# Times that new processes are looked for and stopped before those that are
# stopped are killed in any case.
_CHASES: Final = 50


@define(eq=False)
class Sweep:
    """
    One such end.

    @ivar _find: Finds all processes that are to be ended.
    @ivar _bury: Reaps the dead among them.
    @ivar _stopped: What was stopped: number and start.
    """

    _clock: IReactorTime
    _find: Callable[[], Awaitable[Sequence[Entry]]]
    _bury: Callable[[Iterable[Entry]], None]
    _stopped: set[tuple[int, int]] = field(factory=set, init=False)

    log = Logger()

    async def run(self) -> None:
        """
        Go on until nothing is found.  It never fails.
        """
        pause = _SOON
        while not await self._sweptClean():
            await deferLater(self._clock, pause)
            pause = min(2 * pause, _LATE)

    async def _sweptClean(self) -> bool:
        """
        Stop and kill what is found.

        @return: Whether nothing was.
        """
        try:
            found = await self._chase()
            for entry in found:
                if not entry.dead:
                    deliver(SIGKILL, entry.pid, entry.start)
            self._bury(found)
        except OSError:
            self.log.failure("while ending the processes of a job")
            return False
        return not found

    async def _chase(self) -> Sequence[Entry]:
        """
        Stop processes until no new ones turn up.
        """
        for _ in range(_CHASES):
            found = await self._find()
            running = [
                entry
                for entry in found
                if not entry.dead and (entry.pid, entry.start) not in self._stopped
            ]
            if not running:
                break
            for entry in running:
                deliver(SIGSTOP, entry.pid, entry.start)
                self._stopped.add((entry.pid, entry.start))
        return found
