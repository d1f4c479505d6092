"""
What comes of requests as messages, and back.
"""

from __future__ import annotations

from typing import TypeAlias

from ..api import supervisor_pb2 as pb
from ..changes import Changes
from ..description import Description, Tally
from ..jobs import Record
from ..queries import Page
from .conversion import convertRecord, unconvertRecord
from .describing import (
    convertDescription,
    convertTally,
    unconvertDescription,
    unconvertTally,
)
from .journaling import convertChanges, unconvertChanges
from .paging import convertPage, unconvertPage

#: What comes of a request that is done.
Result: TypeAlias = Record | Page | Changes | Description | Tally | None


def answerOf(number: int, result: Result) -> pb.Answer:
    """
    Make the answer to a request that was done.
    """
    if result is None:
        return pb.Answer(number=number, done=pb.Done())
    if isinstance(result, Page):
        return pb.Answer(number=number, page=convertPage(result))
    if isinstance(result, Changes):
        return pb.Answer(number=number, changes=convertChanges(result))
    if isinstance(result, Description):
        return pb.Answer(number=number, description=convertDescription(result))
    if isinstance(result, Tally):
        return pb.Answer(number=number, tally=convertTally(result))
    return pb.Answer(number=number, record=convertRecord(result))


def resultOf(answer: pb.Answer) -> Result:
    """
    Find out what has come of a request that was done.

    @raise BadMessage: If that makes no sense.
    """
    what = answer.WhichOneof("what")
    if what == "record":
        return unconvertRecord(answer.record)
    if what == "page":
        return unconvertPage(answer.page)
    if what == "changes":
        return unconvertChanges(answer.changes)
    if what == "description":
        return unconvertDescription(answer.description)
    if what == "tally":
        return unconvertTally(answer.tally)
    return None
