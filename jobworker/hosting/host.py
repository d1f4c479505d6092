"""
The processes of all jobs that this process has spawned.

Whatever descends from a job is ours to find: this process adopts orphans, so
that each process of a job is below its leader or below an orphan that has
become our own child.  Whose an orphan is, there is more than one sign of; the
last is that nobody else can have started it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Final

from attrs import define, field

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.process import reapProcessHandlers
from twisted.internet.task import deferLater
from twisted.logger import Logger

from .belongings import Unsettled, mark, pipes, requireSettled
from .census import Entry, adopted, adoptOrphans, children, deliver, look
from .household import Household

# Processes that are looked at before others have their turn.
_SLICE: Final = 64
# Processes of a job that are met before it is signalled.
_MET: Final = 200
# Times that an orphan is looked at again which shows nothing yet: that takes it
# less than a millisecond, if nobody delays it on purpose.
_LOOKS: Final = 100
# Seconds between two looks for orphans that have died while their jobs run.
_PATROL: Final = 1.0


@define(eq=False)
class Host:
    """
    All households.

    @ivar _requireSettled: Raises L{Unsettled} if a process shows nothing yet.
    @ivar _leaders: By the number of the leader: the last that had it.
    @ivar _owners: Whose orphans are, by number and start: to find that out may
        take long, and they may hide it later.
    @ivar _looks: How often an orphan showed nothing yet, by number and start.
    @ivar _session: Our own session, which nothing of a job can be in.
    """

    _clock: IReactorTime
    _requireSettled: Callable[[int], None] = requireSettled
    _households: set[Household] = field(factory=set, init=False)
    _leaders: dict[int, Household] = field(factory=dict, init=False)
    _owners: dict[tuple[int, int], Household] = field(factory=dict, init=False)
    _looks: Counter[tuple[int, int]] = field(factory=Counter, init=False)
    _session: int = field(init=False)
    _patrol: IDelayedCall | None = field(default=None, init=False)

    log = Logger()

    def __attrs_post_init__(self) -> None:
        adoptOrphans()
        self._session = os.getsid(0)

    def admit(self, household: Household) -> None:
        """
        Know a job from now on.
        """
        self._households.add(household)
        self._leaders[household.process.pid] = household
        if self._patrol is None:
            self._patrol = self._clock.callLater(_PATROL, self._reapOrphans)

    def dismiss(self, household: Household) -> None:
        """
        Forget a job that nothing is left of.
        """
        self._households.discard(household)
        if self._leaders.get(household.process.pid) is household:
            del self._leaders[household.process.pid]
        if not self._households and self._patrol is not None:
            self._patrol.cancel()
            self._patrol = None
            self._owners.clear()
            self._looks.clear()

    def signal(self, household: Household, number: int) -> None:
        """
        Signal the process group of a job.
        """
        pid = household.process.pid
        if not household.leader.exited.reached:
            self._meet(household)
            # It has not been reaped, so that the number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, number)
            return
        for orphan in self._orphans():
            if orphan.group == pid and self._owner(orphan) is household:
                deliver(number, orphan.pid, orphan.start)

    def alone(self, household: Household) -> bool:
        """
        Say, at little cost, whether surely nothing is left of a job.
        """
        return household.leader.exited.reached and not any(
            self._owner(orphan) is household for orphan in self._orphans()
        )

    async def members(
        self, household: Household, greet: Callable[[Entry], None]
    ) -> list[Entry]:
        """
        Find all processes of a job, dead ones that nobody has reaped among
        them.

        @param greet: Called with each as soon as it is found.
        """
        found: list[Entry] = []
        waiting: list[tuple[int, int | None]] = [(pid, None) for pid in adopted()]
        if not household.leader.exited.reached:
            waiting.append((household.process.pid, os.getpid()))
        for looks in count(1):
            if not waiting:
                break
            pid, parent = waiting.pop()
            entry = self._member(household, pid, parent)
            if entry is not None:
                household.kin.add((entry.pid, entry.start))
                greet(entry)
                found.append(entry)
                if not entry.dead:
                    waiting += [(child, pid) for child in children(pid)]
            if looks % _SLICE == 0:
                await deferLater(self._clock, 0)
        return found

    def bury(self, entries: Iterable[Entry]) -> None:
        """
        Reap those of the dead that are our children by adoption.
        """
        for entry in entries:
            if entry.dead and entry.pid not in reapProcessHandlers:
                with suppress(ChildProcessError):
                    os.waitpid(entry.pid, os.WNOHANG)

    def _meet(self, household: Household) -> None:
        """
        Get to know what is below a leader, while it lives to show it.
        """
        waiting = [household.process.pid]
        for _ in range(_MET):
            if not waiting:
                break
            entry = look(waiting.pop())
            if entry is not None:
                household.kin.add((entry.pid, entry.start))
                waiting += children(entry.pid)

    def _member(
        self, household: Household, pid: int, parent: int | None
    ) -> Entry | None:
        """
        Look at a process if it belongs to a job.

        Since it was found, its number may have been given to another.

        @param parent: The process of the job, or its leader's parent, that it
            was found to be a child of; C{None} if it may be anybody's orphan.
        """
        if parent is not None:
            entry = look(pid)
            if entry is not None and entry.parent == parent:
                return entry
        orphan = self._orphan(pid)
        mine = orphan is not None and self._owner(orphan) is household
        return orphan if mine else None

    def _orphans(self) -> list[Entry]:
        """
        Find our children that were born to others.
        """
        return [orphan for orphan in map(self._orphan, adopted()) if orphan]

    def _orphan(self, pid: int) -> Entry | None:
        """
        Look at a child of ours if it was born to another.
        """
        if pid in reapProcessHandlers:
            return None
        entry = look(pid)
        if entry is None or entry.parent != os.getpid():
            return None
        # What this process spawns itself stays in its session.
        return None if entry.session == self._session else entry

    def _owner(self, orphan: Entry) -> Household | None:
        """
        Find out whose an orphan is, unless that is known.

        @return: C{None} if it may be of any of several.
        """
        key = (orphan.pid, orphan.start)
        owner = self._owners.get(key) or self._findOwner(orphan)
        if owner is not None:
            self._owners[key] = owner
        return owner

    def _findOwner(self, orphan: Entry) -> Household | None:
        """
        Find out whose an orphan is, by the signs that cost least first.
        """
        for number in (orphan.session, orphan.group):
            household = self._leaders.get(number)
            # The number of a leader stays taken while its session has members,
            # and may be used again while there is something else of its job.
            if household is not None and household.process.start <= orphan.start:
                return household
        for household in self._households:
            if (orphan.pid, orphan.start) in household.kin:
                return household
        if not orphan.dead:
            household = self._marked(orphan)
            if household is not None:
                return household
            held = pipes(orphan.pid)
            for household in self._households:
                if held & household.pipes:
                    return household
        suspects = [
            household
            for household in self._households
            if household.process.start <= orphan.start
        ]
        if len(suspects) > 1 and not orphan.dead:
            return self._lookAgain(orphan)
        return suspects[0] if len(suspects) == 1 else None

    def _marked(self, orphan: Entry) -> Household | None:
        """
        Find out whose an orphan says that it is.
        """
        marked = mark(orphan.pid)
        for household in self._households:
            if marked == household.identifier:
                return household
        return None

    def _lookAgain(self, orphan: Entry) -> Household | None:
        """
        Find out whether an orphan has shown nothing because it was just
        executing a program.

        @raise Unsettled: If it still is, but not for ever.
        """
        try:
            self._requireSettled(orphan.pid)
        except Unsettled:
            key = (orphan.pid, orphan.start)
            self._looks[key] += 1
            if self._looks[key] > _LOOKS:
                return None
            raise
        return self._marked(orphan)

    def _reapOrphans(self) -> None:
        """
        Reap what died while its job goes on.
        """
        self._patrol = self._clock.callLater(_PATROL, self._reapOrphans)
        try:
            orphans = self._orphans()
            self.bury(orphans)
        except OSError:
            self.log.failure("while looking for orphans")
            return
        there = {(orphan.pid, orphan.start) for orphan in orphans}
        for known in (self._owners, self._looks):
            for gone in known.keys() - there:
                del known[gone]
