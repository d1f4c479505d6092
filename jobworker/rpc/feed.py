"""
The journal of the jobs, as those read it who watch.

All of this belongs to the loop.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, ensure_future, shield
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from attrs import define, field

from ..changes import Changes, JournalPlace
from ..interfaces.roster import IRoster
from .bridge import IAsking
from .follower import Bell

# How many changes are asked for at a time.
_AT_ONCE: Final = 200


@define(eq=False)
class Feed:
    """
    Reads the journal for all who watch, and wakes them when it has grown.

    Nothing is kept for anybody: each has a place, and asks for what is behind
    it when he has dealt with what was there.

    @ivar _asked: What is being asked, by the place behind which it is wanted:
        those who have read as far as each other share an answer.
    """

    _loop: AbstractEventLoop
    _bridge: IAsking
    _roster: IRoster
    _patience: float
    _bells: set[Bell] = field(factory=set, init=False)
    _asked: dict[JournalPlace, Future[Changes]] = field(factory=dict, init=False)
    _closing: bool = field(default=False, init=False)

    async def end(self) -> JournalPlace:
        """
        Find out where the journal ends.
        """
        return (await self._ask(None)).place

    async def read(self, since: JournalPlace) -> Changes:
        """
        Find out what has happened since.

        @raise PlaceLost: If some of that is not known any more.
        """
        known = self._asked.get(since)
        if known is None:
            known = self._asked[since] = ensure_future(
                self._ask(since), loop=self._loop
            )
            known.add_done_callback(partial(self._answered, since))
        # Who leaves does not take the answer from the others.
        return await shield(known)

    @contextmanager
    def watching(self) -> Iterator[Bell]:
        """
        Be told when the journal has grown, while the context lasts.
        """
        bell = Bell(self._loop)
        bell.closing = self._closing
        self._bells.add(bell)
        try:
            yield bell
        finally:
            self._bells.remove(bell)

    def grew(self) -> None:
        """
        There is more in the journal.

        What is being asked may be answered without that, so that nobody who
        is woken by this may share it.
        """
        self._asked.clear()
        for bell in self._bells:
            bell.ring()

    def close(self) -> None:
        """
        Tell all who watch that the service is ending.
        """
        self._closing = True
        for bell in self._bells:
            bell.closing = True
            bell.ring()

    async def _ask(self, since: JournalPlace | None) -> Changes:
        return await self._bridge.ask(
            lambda: self._roster.changes(since, _AT_ONCE), self._patience
        )

    def _answered(self, since: JournalPlace, answer: Future[Any]) -> None:
        """
        Ask anew from now on, and look at what came of it: maybe nobody else
        does.
        """
        if self._asked.get(since) is answer:
            del self._asked[since]
        if not answer.cancelled():
            answer.exception()
