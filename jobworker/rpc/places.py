"""
Readers of logs: who may read, from which files, and when there is more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from attrs import define, frozen

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from ..errors import NoSuchJob, SpoolDamaged
from .board import Board
from .desks import Desk, ReadingRoom
from .follower import Follower
from .servicer import Finding


@frozen
class Place:
    """
    What a reader of one log has.
    """

    desk: Desk
    follower: Follower


@define(eq=False)
class Places:
    """
    Gives readers what they need.
    """

    _finding: Finding
    _room: ReadingRoom
    _board: Board

    @asynccontextmanager
    async def take(
        self, job: pb.Job, caller: Caller, method: str
    ) -> AsyncIterator[Place]:
        """
        Read the log of a job while the context lasts, if the caller may.

        @raise NoSuchJob: If there is no such job.

        @raise SpoolDamaged: If there is, but no log of it.

        @raise Denied: If the caller may not.
        """
        record = await self._finding(job, caller, method)
        identifier = record.identifier
        try:
            async with (
                self._room.desk(identifier, caller.subject) as desk,
                self._board.following(record) as follower,
            ):
                yield Place(desk, follower)
        except NoSuchJob:
            # Perhaps it was deleted, and we have not heard of that.
            self._board.forget(identifier)
            await self._finding(job, caller, method)
            raise SpoolDamaged(identifier, "files are missing") from None
