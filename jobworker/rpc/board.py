"""
Jobs as the gRPC thread sees them: records that the reactor posts.

All of this belongs to the loop, but for L{Poster}, whose methods the reactor
calls.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from zope.interface import implementer

from attrs import define, field

from ..errors import JobWorkerError
from ..interfaces.roster import IRoster, IRosterListener
from ..jobs import Phase, Record
from ..recollection import Recollection
from .bridge import Bridge, IAsking
from .feed import Feed
from .follower import Follower

# Seconds for which who waits for a job to end sleeps at most.
_GLANCE: Final = 3600.0

# With more followers than that, growth is told at intervals of so many seconds
# for each of them: to serve one takes a third of that, and the rest of the time
# is for all other calls.
_MANY: Final = 50
_EACH: Final = 0.0004


@define(eq=False)
class Board:
    """
    What is known of jobs without asking: those that have not ended, and some
    that ended lately.

    @ivar _ended: Those that have; it is made with how many there may be.
    @ivar feed: What has happened to them.
    @ivar _forgettings: How often jobs were forgotten.
    @ivar _crowd: How many followers there are.
    @ivar _paced: Jobs whose growth was told just now, and whether they have
        grown since.
    """

    _loop: AbstractEventLoop
    _bridge: IAsking
    _roster: IRoster
    _patience: float
    _ended: Recollection = field(converter=Recollection)
    _unended: dict[str, Record] = field(factory=dict, init=False)
    _forgettings: int = field(default=0, init=False)
    _followers: dict[str, set[Follower]] = field(factory=dict, init=False)
    _crowd: int = field(default=0, init=False)
    _paced: dict[str, bool] = field(factory=dict, init=False)
    _closing: bool = field(default=False, init=False)
    feed: Feed = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.feed = Feed(self._loop, self._bridge, self._roster, self._patience)

    async def find(self, identifier: str) -> Record:
        """
        Look up a job.

        @raise NoSuchJob: If there is none.
        """
        known = self._unended.get(identifier) or self._ended.find(identifier)
        if known is not None:
            return known
        forgettings = self._forgettings
        record = await self._bridge.ask(
            lambda: self._roster.find(identifier), self._patience
        )
        # What has not ended is posted, in order with all that happens to it.
        # What has may have been deleted since it was found.
        if record.phase is Phase.ENDED and self._forgettings == forgettings:
            self._ended.keep(record)
        return record

    def changed(self, record: Record) -> None:
        """
        A job was started or has changed.
        """
        if record.phase is Phase.ENDED:
            self._unended.pop(record.identifier, None)
            self._ended.keep(record)
        else:
            self._unended[record.identifier] = record
        for follower in self._followers.get(record.identifier, ()):
            follower.record = record
            follower.ring()

    def grew(self, identifier: str) -> None:
        """
        The log of a job became longer.
        """
        if identifier in self._paced:
            self._paced[identifier] = True
            return
        for follower in self._followers.get(identifier, ()):
            follower.ring()
        if self._crowd > _MANY:
            self._paced[identifier] = False
            self._loop.call_later(_EACH * self._crowd, self._goOn, identifier)

    def _goOn(self, identifier: str) -> None:
        """
        Tell of growth again.
        """
        if self._paced.pop(identifier):
            self.grew(identifier)

    def forget(self, identifier: str | None) -> None:
        """
        A job was deleted.

        @param identifier: C{None} if it may be any.
        """
        self._forgettings += 1
        self._ended.forget(identifier)

    def close(self) -> None:
        """
        Tell all followers that the service is ending.
        """
        self._closing = True
        self.feed.close()
        for followers in self._followers.values():
            for follower in followers:
                follower.closing = True
                follower.ring()

    async def whenEnded(self, record: Record) -> Record:
        """
        Wait for a job to end.

        @return: The job as it is then.

        @raise NoSuchJob: If it was deleted before anybody could look.

        @raise ShuttingDown: If the service is ending.
        """
        follower = Follower(self._loop, record, closing=self._closing)
        if follower.ended:
            return record
        with self._telling(follower):
            # It may have ended before there was somebody to be told.
            known = await self.find(record.identifier)
            while known.phase is not Phase.ENDED:
                await follower.wait(_GLANCE)
                known = follower.record
        return known

    @asynccontextmanager
    async def following(self, record: Record) -> AsyncIterator[Follower]:
        """
        Be told what becomes of a job, while the context lasts.

        Whatever is written after the context was entered rings the follower.
        """
        follower = Follower(self._loop, record, closing=self._closing)
        if follower.ended:
            yield follower
            return
        with self._telling(follower):
            try:
                await self._begin(follower)
                yield follower
            finally:
                self._bridge.tell(self._roster.unfollow, record.identifier)

    @contextmanager
    def _telling(self, follower: Follower) -> Iterator[None]:
        """
        Tell a follower what becomes of its job, while the context lasts.
        """
        identifier = follower.record.identifier
        followers = self._followers.setdefault(identifier, set())
        followers.add(follower)
        self._crowd += 1
        try:
            yield
        finally:
            self._crowd -= 1
            followers.remove(follower)
            if not followers:
                self._followers.pop(identifier, None)

    async def _begin(self, follower: Follower) -> None:
        """
        Have growths of a log reported.

        The roster may be far away: when it has answered what was asked after
        it was told to follow, it does.
        """
        identifier = follower.record.identifier
        self._bridge.tell(self._roster.follow, identifier)
        try:
            record = await self._bridge.ask(
                lambda: self._roster.find(identifier), self._patience
            )
        except JobWorkerError:
            # What is on disk can still be read; a roster that was away tells
            # of everything when it is back.
            return
        if not follower.ended:
            follower.record = record


@implementer(IRosterListener)
@define(eq=False)
class Poster:
    """
    Posts to a board what the roster tells.

    @ivar _grown: Jobs whose growth was posted and not yet seen.
    @ivar _journal: Whether growth of the journal was posted and not yet seen.
    """

    _bridge: Bridge
    _board: Board
    _grown: set[str] = field(factory=set, init=False)
    _journal: bool = field(default=False, init=False)

    def jobChanged(self, record: Record) -> None:
        """
        Post a record.
        """
        self._bridge.post(self._board.changed, record)

    def jobForgotten(self, identifier: str | None) -> None:
        """
        Post that a job may have been deleted.
        """
        self._bridge.post(self._board.forget, identifier)

    def logGrew(self, identifier: str) -> None:
        """
        Post that there is more to read, once until that is seen.
        """
        if identifier not in self._grown:
            self._grown.add(identifier)
            self._bridge.post(self._seen, identifier)

    def journalGrew(self) -> None:
        """
        Post that there are changes to be read, once until that is seen.
        """
        if not self._journal:
            self._journal = True
            self._bridge.post(self._journalSeen)

    def _journalSeen(self) -> None:
        """
        Pass it on, in the loop.
        """
        self._journal = False
        self._board.feed.grew()

    def _seen(self, identifier: str) -> None:
        """
        Pass a growth on, in the loop.

        Growths from here on are posted again, before anybody reads.
        """
        self._grown.discard(identifier)
        self._board.grew(identifier)
