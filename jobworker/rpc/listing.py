"""
What ListJobs is asked, and how it answers.
"""

from __future__ import annotations

import binascii
import re
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from ..api import worker_pb2 as pb
from ..bounds import MAX_LABELS, isLabel, isName
from ..jobs import Cause, Record
from ..portions import MOST
from ..queries import Page, Query
from .describing import STATES, describe
from .parsing import BadRequest

_USUAL: Final = 100

_PREFIX: Final = re.compile(r"[0-9a-f-]{0,36}")

# What a token is made of: when a job was started, and its identifier.
_PLACE: Final = struct.Struct(">q16s")


def parseQuery(message: pb.ListRequest) -> Query:
    """
    Find out which jobs are wanted.

    @raise BadRequest: If there can be no such jobs.
    """
    running, causes = True, frozenset(Cause)
    if message.states:
        running = pb.RUNNING in message.states
        causes = frozenset(_causes(message.states))
    if _PREFIX.fullmatch(message.id_prefix) is None:
        raise BadRequest("id_prefix", "no id of a job begins like this")
    if message.name and not isName(message.name):
        raise BadRequest("name", "no job has a name like this")
    if message.page_size < 0:
        raise BadRequest("page_size", "a page has at least one job")
    return Query(
        running=running,
        causes=causes,
        owner=message.owner or None,
        after=message.started_after or None,
        before=message.started_before or None,
        prefix=message.id_prefix,
        behind=_parseToken(message.page_token) if message.page_token else None,
        limit=min(message.page_size or _USUAL, MOST),
        labels=_labels(message),
        name=message.name or None,
    )


def listOf(page: Page) -> pb.JobList:
    """
    Make the answer.
    """
    return pb.JobList(
        jobs=map(describe, page.records),
        next_page_token=_tokenFor(page.records[-1]) if page.more else "",
    )


def _labels(message: pb.ListRequest) -> tuple[tuple[str, str | None], ...]:
    """
    Find out which labels are wanted.
    """
    labels: list[tuple[str, str | None]] = [*message.labels.items()]
    labels += [(name, None) for name in message.label_names]
    if len(labels) > MAX_LABELS:
        raise BadRequest("labels", f"a job has {MAX_LABELS} labels at most")
    for name, value in labels:
        if not isLabel(name):
            field = "label_names" if value is None else "labels"
            raise BadRequest(field, "no label has a name like this")
    return tuple(sorted(labels, key=lambda label: (label[0], label[1] or "")))


def _causes(states: Sequence[pb.ProcessState]) -> list[Cause]:
    """
    Find the causes of endings that states of the wire stand for.
    """
    for state in states:
        if state not in pb.ProcessState.values():
            raise BadRequest("states", f"there is no state {state}")
    return [cause for cause, state in STATES.items() if state in states]


def _tokenFor(record: Record) -> str:
    """
    Write down which job a page ends with.
    """
    place = _PLACE.pack(record.started, UUID(record.identifier).bytes)
    return urlsafe_b64encode(place).decode()


def _parseToken(token: str) -> tuple[int, str]:
    """
    Find out which job a page ended with.
    """
    try:
        started, identifier = _PLACE.unpack(urlsafe_b64decode(token))
    except (binascii.Error, ValueError, struct.error):
        raise BadRequest("page_token", "this was no page token") from None
    return started, str(UUID(bytes=identifier))
