"""
What a process that has died left of its jobs.

Its orphans are not ours, so that all processes of the host are looked at.  A
process belongs to a job if it is its command, told by number and start; if it
has the identifier of the job in its environment; if it is in the session of
such a process; or if it descends from one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Final

from attrs import define, field

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from ..jobs import ProcessIdentity
from .belongings import Unsettled, mark, requireSettled
from .census import Entry, boot, everybody, look

# Processes that are looked at before others have their turn.
_SLICE: Final = 64
# How often one that is just executing a program is looked at again, and how many
# seconds later.  A stranger may be held up there for ever.
_LOOKS: Final = 100
_SOON: Final = 0.001


@define(eq=False)
class Leftovers:
    """
    A search for what is left of jobs.

    @ivar _jobs: What is known of the command of each, by the job's identifier.
    @ivar _known: What was found to belong to a job: number and start.
    """

    _clock: IReactorTime
    _jobs: Mapping[str, ProcessIdentity | None]
    _known: set[tuple[int, int]] = field(factory=set, init=False)

    def __attrs_post_init__(self) -> None:
        self._known.update(
            (process.pid, process.start)
            for process in self._jobs.values()
            if process is not None and process.boot == boot()
        )

    async def find(self, greet: Callable[[Entry], None]) -> list[Entry]:
        """
        Find all that runs.

        @param greet: Called with each.
        """
        entries: dict[int, Entry] = {}
        for position, pid in enumerate(everybody()):
            entry = look(pid)
            if entry is not None and not entry.dead:
                entries[pid] = entry
            if position % _SLICE == _SLICE - 1:
                await deferLater(self._clock, 0)
        self._spareOurselves(entries)
        found = {
            pid: entry for pid, entry in entries.items() if await self._belongs(entry)
        }
        self._addSessions(found, entries)
        self._addDescendants(found, entries)
        self._known.update((entry.pid, entry.start) for entry in found.values())
        for entry in found.values():
            greet(entry)
        return list(found.values())

    def _spareOurselves(self, entries: dict[int, Entry]) -> None:
        """
        Leave out this process and who started it: that may have been a job.
        """
        session = os.getsid(0)
        pid = os.getpid()
        while pid in entries:
            pid = entries.pop(pid).parent
        for entry in tuple(entries.values()):
            if entry.session == session:
                del entries[entry.pid]

    async def _belongs(self, entry: Entry) -> bool:
        """
        Say whether a process by itself shows that it belongs to a job.
        """
        if (entry.pid, entry.start) in self._known:
            return True
        marked = mark(entry.pid)
        for _ in range(_LOOKS):
            if marked is not None:
                break
            try:
                requireSettled(entry.pid)
            except Unsettled:
                await deferLater(self._clock, _SOON)
            else:
                marked = mark(entry.pid)
                break
        return marked is not None and marked in self._jobs

    def _addSessions(self, found: dict[int, Entry], entries: dict[int, Entry]) -> None:
        """
        Add who is in a session of a job.

        The number of a session is not used again while it has a member, so
        that one who surely belongs to the job vouches for the others.
        """
        leaders = {process.pid for process in self._jobs.values() if process}
        sessions = {entry.session for entry in found.values()} & leaders
        for pid, entry in entries.items():
            if entry.session in sessions:
                found.setdefault(pid, entry)

    def _addDescendants(
        self, found: dict[int, Entry], entries: dict[int, Entry]
    ) -> None:
        """
        Add who descends from what was found.
        """
        below: dict[int, list[Entry]] = {}
        for entry in entries.values():
            below.setdefault(entry.parent, []).append(entry)
        waiting = list(found)
        while waiting:
            for child in below.get(waiting.pop(), ()):
                if child.pid not in found:
                    found[child.pid] = child
                    waiting.append(child.pid)
