"""
What WatchJobs is asked, and its resume tokens: how far a caller has been told.
"""

from __future__ import annotations

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from attrs import evolve, frozen

from ..api import worker_pb2 as pb
from ..changes import Change, JournalPlace, Kind
from ..jobs import Cause
from ..queries import Query
from .listing import parseQuery
from .parsing import BadRequest

# The journal, and the revision in it.
_PLACE: Final = struct.Struct(">16sq")

# When the last job was started that was told as present, and its identifier.
_BEHIND: Final = struct.Struct(">q16s")


@frozen
class Bookmark:
    """
    How far somebody has been told of jobs.

    @ivar place: The changes up to here were told, or are seen in the jobs that
        were told as present.
    @ivar behind: When the last of these was started, and its identifier, if
        there may be others behind it.
    """

    place: JournalPlace
    behind: tuple[int, str] | None = None


def tokenOf(bookmark: Bookmark) -> str:
    """
    Write a bookmark as a token.
    """
    place = bookmark.place
    data = _PLACE.pack(bytes.fromhex(place.journal), place.revision)
    if bookmark.behind is not None:
        started, identifier = bookmark.behind
        data += _BEHIND.pack(started, UUID(identifier).bytes)
    return urlsafe_b64encode(data).decode()


def parseToken(token: str) -> Bookmark:
    """
    Read a token.

    @raise BadRequest: If it is none.
    """
    behind = None
    try:
        data = urlsafe_b64decode(token)
        journal, revision = _PLACE.unpack(data[: _PLACE.size])
        if len(data) > _PLACE.size:
            started, identifier = _BEHIND.unpack(data[_PLACE.size :])
            behind = started, str(UUID(bytes=identifier))
    except (binascii.Error, ValueError, struct.error):
        raise BadRequest("resume_token", "this was no resume token") from None
    if revision < 0:
        raise BadRequest("resume_token", "this was no resume token")
    return Bookmark(JournalPlace(journal.hex(), revision), behind)


@frozen
class Watch:
    """
    What somebody wants to be told.

    @ivar present: The jobs that are told first; C{None}: none are.
    @ivar query: The jobs of which changes are told.
    @ivar bookmark: How far he was told; C{None}: of nothing yet.
    """

    present: Query | None
    query: Query
    bookmark: Bookmark | None = None

    def wants(self, change: Change) -> bool:
        """
        Say whether a change is told.
        """
        query = self.query
        if change.kind is Kind.ENDED and query.running:
            # Before that it was wanted.
            query = evolve(query, causes=frozenset(Cause))
        return query.matches(change.record)


def parseWatch(message: pb.WatchRequest) -> Watch:
    """
    Find out what is wanted.

    @raise BadRequest: If that makes no sense.
    """
    if message.jobs.page_size or message.jobs.page_token:
        raise BadRequest("jobs", "who watches gets no pages")
    query = parseQuery(message.jobs)
    present = query if message.jobs.states else evolve(query, causes=frozenset())
    bookmark = parseToken(message.resume_token) if message.resume_token else None
    first = message.changes_only if bookmark is None else bookmark.behind is None
    return Watch(None if first else present, query, bookmark)
