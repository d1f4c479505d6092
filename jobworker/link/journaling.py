"""
Changes of jobs as messages, and back.
"""

from __future__ import annotations

import re
from typing import Final

from ..api import supervisor_pb2 as pb
from ..changes import Change, Changes, JournalPlace, Kind
from ..portions import MOST
from .conversion import BadMessage, convertRecord, decode, encode, unconvertRecord

_KINDS: Final = {
    Kind.STARTED: pb.Change.STARTED,
    Kind.CHANGED: pb.Change.CHANGED,
    Kind.ENDED: pb.Change.ENDED,
    Kind.DELETED: pb.Change.DELETED,
}

_KINDS_BACK: Final = {number: kind for kind, number in _KINDS.items()}

_IDENTITY: Final = re.compile(r"[0-9a-f]{32}")


def convertReading(since: JournalPlace | None, limit: int) -> pb.ReadChanges:
    """
    Make a message of what somebody wants to read.
    """
    place = None if since is None else _convertPlace(since)
    return pb.ReadChanges(since=place, limit=limit)


def unconvertReading(message: pb.ReadChanges) -> tuple[JournalPlace | None, int]:
    """
    Make of a message what somebody wants to read.
    """
    if not 0 < message.limit <= MOST:
        raise BadMessage(f"{message.limit} changes cannot be read")
    since = _unconvertPlace(message.since) if message.HasField("since") else None
    return since, message.limit


def convertChanges(changes: Changes) -> pb.Changes:
    """
    Make a message of changes.
    """
    return pb.Changes(
        changes=map(_convertChange, changes.changes),
        place=_convertPlace(changes.place),
        more=changes.more,
    )


def unconvertChanges(message: pb.Changes) -> Changes:
    """
    Make changes of a message.
    """
    return Changes(
        _unconvertPlace(message.place),
        tuple(map(_unconvertChange, message.changes)),
        message.more,
    )


def _convertChange(change: Change) -> pb.Change:
    return pb.Change(
        revision=change.revision,
        kind=_KINDS[change.kind],
        at=change.at,
        record=convertRecord(change.record),
    )


def _unconvertChange(message: pb.Change) -> Change:
    if message.kind not in _KINDS_BACK:
        raise BadMessage(f"a change of kind {message.kind}")
    return Change(
        message.revision,
        _KINDS_BACK[message.kind],
        message.at,
        unconvertRecord(message.record),
    )


def _convertPlace(place: JournalPlace) -> pb.JournalPlace:
    return pb.JournalPlace(journal=encode(place.journal), revision=place.revision)


def _unconvertPlace(message: pb.JournalPlace) -> JournalPlace:
    journal = decode(message.journal)
    if _IDENTITY.fullmatch(journal) is None or message.revision < 0:
        raise BadMessage("a place that is in no journal")
    return JournalPlace(journal, message.revision)
