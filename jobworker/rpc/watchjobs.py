"""
WatchJobs: what happens to jobs, each change once.
"""

from __future__ import annotations

import time
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable
from typing import Any, Final

from attrs import define, evolve, field

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from ..changes import Change, Changes, JournalPlace, Kind
from ..errors import RosterUnreachable, ShuttingDown
from ..interfaces.roster import IRoster
from ..portions import MOST
from ..queries import Page, Query
from .bridge import IAsking, NotAnswered
from .describing import describe
from .feed import Feed
from .follower import Bell
from .gate import Gate
from .handlers import Writing
from .watches import Bookmark, Watch, parseWatch, tokenOf

_KINDS: Final = {
    Kind.STARTED: pb.Change.STARTED,
    Kind.CHANGED: pb.Change.CHANGED,
    Kind.ENDED: pb.Change.ENDED,
    Kind.DELETED: pb.Change.DELETED,
}


@define(eq=False)
class ChangeStreamer:
    """
    Answers WatchJobs.

    @ivar _patience: Seconds that the roster is given to answer.
    @ivar _heartbeat: Seconds of quiet after which a heartbeat is sent.
    """

    _loop: AbstractEventLoop
    _gate: Gate
    _bridge: IAsking
    _roster: IRoster
    _feed: Feed
    _patience: float
    _heartbeat: float

    async def watchJobs(
        self, request: pb.WatchRequest, caller: Caller, write: Writing
    ) -> None:
        """
        Tell what happens to jobs, until the caller leaves.
        """
        self._gate.require(caller, "WatchJobs", request.jobs.owner)
        watch = parseWatch(request)
        with self._feed.watching() as bell:
            await _Telling(
                self._loop,
                watch,
                self._feed,
                bell,
                self._search,
                write,
                self._heartbeat,
            ).tell()

    async def _search(self, query: Query) -> Page:
        """
        Find some jobs.
        """
        return await self._bridge.ask(
            lambda: self._roster.search(query), self._patience
        )


@define(eq=False)
class _Telling:
    """
    One answer to WatchJobs.

    @ivar _due: When the next heartbeat is, by the loop's clock.
    """

    _loop: AbstractEventLoop
    _watch: Watch
    _feed: Feed
    _bell: Bell
    _search: Callable[[Query], Awaitable[Page]]
    _write: Writing
    _heartbeat: float
    _due: float = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._due = self._loop.time() + self._heartbeat

    async def tell(self) -> None:
        """
        Send all messages of the answer.
        """
        bookmark = self._watch.bookmark or Bookmark(await self._feed.end())
        if self._watch.present is not None:
            await self._tellPresent(self._watch.present, bookmark)
        if self._watch.present is not None or self._watch.bookmark is None:
            await self._send(bookmark.place, current=pb.Current())
        place = bookmark.place
        while True:
            changes = await self._read(place)
            for change in changes.changes:
                if self._watch.wants(change):
                    await self._tellChange(place.journal, change)
            place = changes.place
            if not changes.more:
                await self._bell.wait(self._left())
            self._bell.requireOpen()
            if self._left() <= 0:
                beat = pb.Heartbeat(time=time.time_ns())
                await self._send(place, heartbeat=beat)

    async def _tellPresent(self, query: Query, bookmark: Bookmark) -> None:
        """
        Send the jobs that have not changed since they began to be told; the
        others are told as changes.
        """
        query = evolve(
            query, limit=MOST, settled=bookmark.place.revision, behind=bookmark.behind
        )
        more = True
        while more:
            page = await self._search(query)
            for record in page.records:
                self._bell.requireOpen()
                behind = record.started, record.identifier
                query = evolve(query, behind=behind)
                await self._send(bookmark.place, behind, present=describe(record))
            more = page.more

    async def _tellChange(self, journal: str, change: Change) -> None:
        """
        Send a change.
        """
        self._bell.requireOpen()
        message = pb.Change(
            revision=change.revision,
            kind=_KINDS[change.kind],
            time=change.at,
            status=describe(change.record),
        )
        await self._send(JournalPlace(journal, change.revision), change=message)

    async def _read(self, since: JournalPlace) -> Changes:
        """
        Find out what has happened since: nothing, while nobody can be asked.
        """
        try:
            return await self._feed.read(since)
        except (RosterUnreachable, NotAnswered, ShuttingDown):
            return Changes(since)

    async def _send(
        self,
        place: JournalPlace,
        behind: tuple[int, str] | None = None,
        **reply: Any,
    ) -> None:
        """
        Send a message, and wait while the client is slow.

        @param place: Where the client goes on behind it.
        """
        token = tokenOf(Bookmark(place, behind))
        message = pb.WatchReply(resume_token=token, **reply)
        await self._write(message.SerializeToString())
        self._due = self._loop.time() + self._heartbeat

    def _left(self) -> float:
        """
        Count the seconds until the next heartbeat.
        """
        return max(0.0, self._due - self._loop.time())
