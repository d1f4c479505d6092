"""
Jobs as the gRPC thread sees them: records that the reactor posts.

All of this belongs to the loop, but for L{Poster}, whose methods the reactor
calls.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from zope.interface import implementer

from attrs import define, field

from ..errors import JobWorkerError, ShuttingDown
from ..interfaces import IRoster, IRosterListener
from ..jobs import Phase, Record
from .bridge import Bridge, IAsking

# Seconds for which who waits for a job to end sleeps at most.
_GLANCE: Final = 3600.0


@define(eq=False)
class Follower:
    """
    Somebody who wants to know when there is more of a job to be told.

    @ivar record: The newest that is known of the job.
    @ivar closing: Whether the service is ending.
    """

    _loop: AbstractEventLoop
    record: Record
    closing: bool = False
    _rung: bool = field(default=False, init=False)
    _waiting: Future[None] | None = field(default=None, init=False)

    @property
    def ended(self) -> bool:
        """
        Whether the job has ended.
        """
        return self.record.phase is Phase.ENDED

    def ring(self) -> None:
        """
        There is news.
        """
        self._rung = True
        self._wake()

    def requireOpen(self) -> None:
        """
        Go on only if the service does.

        @raise ShuttingDown: If it is ending.
        """
        if self.closing:
            raise ShuttingDown

    async def wait(self, seconds: float) -> bool:
        """
        Wait for news since the last wait.

        @param seconds: For how long.

        @return: Whether there are any.

        @raise ShuttingDown: If the service is ending.
        """
        if not self._rung and not self.closing:
            self._waiting = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._wake)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        self.requireOpen()
        rung, self._rung = self._rung, False
        return rung

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@define(eq=False)
class Board:
    """
    What is known of jobs without asking: those that have not ended, and some
    that ended lately.

    @ivar _remembered: How many of those.
    """

    _loop: AbstractEventLoop
    _bridge: IAsking
    _roster: IRoster
    _patience: float
    _remembered: int
    _unended: dict[str, Record] = field(factory=dict, init=False)
    _ended: OrderedDict[str, Record] = field(factory=OrderedDict, init=False)
    _followers: dict[str, set[Follower]] = field(factory=dict, init=False)
    _closing: bool = field(default=False, init=False)

    async def find(self, identifier: str) -> Record:
        """
        Look up a job.

        @raise NoSuchJob: If there is none.
        """
        known = self._unended.get(identifier) or self._ended.get(identifier)
        if known is not None:
            return known
        record = await self._bridge.ask(
            lambda: self._roster.find(identifier), self._patience
        )
        # What has not ended is posted, in order with all that happens to it.
        if record.phase is Phase.ENDED:
            self._keep(record)
        return record

    def changed(self, record: Record) -> None:
        """
        A job was started or has changed.
        """
        if record.phase is Phase.ENDED:
            self._unended.pop(record.identifier, None)
            self._keep(record)
        else:
            self._unended[record.identifier] = record
        for follower in self._followers.get(record.identifier, ()):
            follower.record = record
            follower.ring()

    def grew(self, identifier: str) -> None:
        """
        The log of a job became longer.
        """
        for follower in self._followers.get(identifier, ()):
            follower.ring()

    def forget(self, identifier: str) -> None:
        """
        A job was deleted.
        """
        self._ended.pop(identifier, None)

    def close(self) -> None:
        """
        Tell all followers that the service is ending.
        """
        self._closing = True
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
        follower = Follower(self._loop, record, self._closing)
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
        follower = Follower(self._loop, record, self._closing)
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
        try:
            yield
        finally:
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

    def _keep(self, record: Record) -> None:
        self._ended[record.identifier] = record
        self._ended.move_to_end(record.identifier)
        if len(self._ended) > self._remembered:
            self._ended.popitem(last=False)


@implementer(IRosterListener)
@define(eq=False)
class Poster:
    """
    Posts to a board what the roster tells.

    @ivar _grown: Jobs whose growth was posted and not yet seen.
    """

    _bridge: Bridge
    _board: Board
    _grown: set[str] = field(factory=set, init=False)

    def jobChanged(self, record: Record) -> None:
        """
        Post a record.
        """
        self._bridge.post(self._board.changed, record)

    def logGrew(self, identifier: str) -> None:
        """
        Post that there is more to read, once until that is seen.
        """
        if identifier not in self._grown:
            self._grown.add(identifier)
            self._bridge.post(self._seen, identifier)

    def _seen(self, identifier: str) -> None:
        """
        Pass a growth on, in the loop.

        Growths from here on are posted again, before anybody reads.
        """
        self._grown.discard(identifier)
        self._board.grew(identifier)
