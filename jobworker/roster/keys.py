"""
Starts that are made once however often they are asked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, evolve, field

from ..errors import KeyTaken
from ..interfaces.store import IJobStore
from ..jobs import Command, Record
from ..milestones import Milestone


@define(eq=False)
class Keys:
    """
    The keys of starts.

    @ivar _starting: The starts with keys that are in progress, by owner and
        key; reached with the record, or C{None} if there is none.
    """

    _store: IJobStore
    _starting: dict[tuple[str, str], Milestone[Record | None]] = field(
        factory=dict, init=False
    )

    async def startOnce(
        self,
        command: Command,
        owner: str,
        start: Callable[[Command, str], Awaitable[Record]],
    ) -> Record:
        """
        Find the job that was started with the key of a command, or start it.

        Others with the same key wait meanwhile.

        @raise KeyTaken: If that job is another one.
        """
        case = (owner, command.specification.key)
        while case in self._starting:
            known = await self._starting[case].wait()
            if known is not None:
                return _same(known, command)
        mine = self._starting[case] = Milestone()
        record = None
        try:
            record = await self._store.findKey(*case)
            if record is not None:
                return _same(record, command)
            record = await start(command, owner)
            return record
        finally:
            del self._starting[case]
            mine.reach(record)


def _same(known: Record, command: Command) -> Record:
    """
    Insist on a job being the one that a start is about.
    """
    if known.command != remembered(command):
        raise KeyTaken(command.specification.key)
    return known


def remembered(command: Command) -> Command:
    """
    Make of a command what its record keeps.
    """
    wanted = command.specification
    kept = wanted.remembered()
    return command if kept is wanted else evolve(command, specification=kept)
