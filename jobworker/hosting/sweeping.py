"""
The end of whatever is there of a job.

What runs is stopped first, each process as soon as it is found and with it its
process group, until nothing new turns up: a stopped process cannot have
children any more, and its children can be found by it.  Then all of it is
killed.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from signal import SIGKILL, SIGSTOP
from typing import Final, TypeAlias

from attrs import define, field

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from .belongings import Unsettled
from .census import Entry, deliver

# Seconds from one look to the next: the first, and the longest.
_SOON: Final = 0.002
_LATE: Final = 1.0
# Times that new processes are looked for and stopped before those that are
# stopped are killed in any case.
_CHASES: Final = 50

#: Finds all processes that are to be ended, and calls what it is given with
#: each as soon as it is found.
Finder: TypeAlias = Callable[[Callable[[Entry], None]], Awaitable[Sequence[Entry]]]


@define(eq=False)
class Sweep:
    """
    One such end.

    @ivar _find: Finds what is to be ended.
    @ivar _bury: Reaps the dead among it.
    @ivar _stopped: What was stopped: number and start.
    """

    _clock: IReactorTime
    _find: Finder
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
        except Unsettled:
            return False
        except OSError:
            self.log.failure("while ending the processes of a job")
            return False
        return not found

    async def _chase(self) -> Sequence[Entry]:
        """
        Stop processes until no new ones turn up.
        """
        for _ in range(_CHASES):
            before = len(self._stopped)
            found = await self._find(self._stop)
            if len(self._stopped) == before:
                break
        return found

    def _stop(self, entry: Entry) -> None:
        """
        Stop a process, and with it its group.
        """
        if entry.dead or (entry.pid, entry.start) in self._stopped:
            return
        self._stopped.add((entry.pid, entry.start))
        if deliver(SIGSTOP, entry.pid, entry.start):
            # Stopped, it keeps the number of its group from being used again;
            # and a job shares no group with anybody.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(entry.group, SIGSTOP)
