"""
Queries and pages of jobs as messages, and back.
"""

from __future__ import annotations

import re
from typing import Final

from ..api import supervisor_pb2 as pb
from ..bounds import MAX_LABELS, isLabel
from ..portions import MOST
from ..queries import Page, Query
from .conversion import (
    CAUSES,
    BadMessage,
    convertRecord,
    decode,
    encode,
    unconvertCause,
    unconvertRecord,
)

_PREFIX: Final = re.compile("[0-9a-f-]*")


def convertQuery(query: Query) -> pb.Search:
    """
    Make a message of a query.
    """
    behind = None
    if query.behind is not None:
        behind = pb.Place(started=query.behind[0], identifier=encode(query.behind[1]))
    return pb.Search(
        running=query.running,
        causes=sorted(CAUSES[cause] for cause in query.causes),
        owner=None if query.owner is None else encode(query.owner),
        after=query.after,
        before=query.before,
        prefix=encode(query.prefix),
        behind=behind,
        limit=query.limit,
        settled=query.settled,
        labels=[
            pb.Label(name=encode(name), value=None if value is None else encode(value))
            for name, value in query.labels
        ],
        name=None if query.name is None else encode(query.name),
    )


def unconvertQuery(message: pb.Search) -> Query:
    """
    Make a query of a message.
    """
    prefix = decode(message.prefix)
    labels = tuple(map(_label, message.labels))
    if (
        not 0 < message.limit <= MOST
        or _PREFIX.fullmatch(prefix) is None
        or len(labels) > MAX_LABELS
    ):
        raise BadMessage("a query that cannot be answered")
    behind = message.behind
    return Query(
        running=message.running,
        causes=frozenset(map(unconvertCause, message.causes)),
        owner=decode(message.owner) if message.HasField("owner") else None,
        after=message.after if message.HasField("after") else None,
        before=message.before if message.HasField("before") else None,
        prefix=prefix,
        behind=(
            (behind.started, decode(behind.identifier))
            if message.HasField("behind")
            else None
        ),
        limit=message.limit,
        settled=message.settled if message.HasField("settled") else None,
        labels=labels,
        name=decode(message.name) if message.HasField("name") else None,
    )


def _label(message: pb.Label) -> tuple[str, str | None]:
    """
    Find out which label is wanted.
    """
    name = decode(message.name)
    if not isLabel(name):
        raise BadMessage("a label that no job can have")
    return name, decode(message.value) if message.HasField("value") else None


def convertPage(page: Page) -> pb.Page:
    """
    Make a message of a page.
    """
    return pb.Page(records=map(convertRecord, page.records), more=page.more)


def unconvertPage(message: pb.Page) -> Page:
    """
    Make a page of a message.
    """
    return Page(tuple(map(unconvertRecord, message.records)), message.more)
