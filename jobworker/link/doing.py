"""
What a supervisor does for a gateway that asks.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, fail

from ..api import supervisor_pb2 as pb
from ..changes import Changes
from ..description import Description, Tally
from ..errors import LaunchFailed, NoSuchJob
from ..interfaces.roster import IRoster
from ..jobs import Record
from ..queries import Page
from .conversion import (
    BadMessage,
    convertRecord,
    decode,
    unconvertCommand,
    unconvertManner,
)
from .describing import convertDescription, convertTally
from .framing import LONGEST
from .journaling import convertChanges, unconvertReading
from .paging import convertPage, unconvertQuery

# The longest request to start a job, and the longest subject, in bytes: a
# record with both is a message too.
_COMMAND: Final = LONGEST - 2**20
_NAME: Final = 2**16

# Identifiers become parts of paths, so that nothing else may be one.
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


#: What comes of a request that is done.
Result: TypeAlias = Record | Page | Changes | Description | Tally | None

#: A request that is being done.
Doing: TypeAlias = (
    Deferred[Record]
    | Deferred[Page]
    | Deferred[Changes]
    | Deferred[Description]
    | Deferred[Tally]
    | Deferred[None]
)


def isIdentifier(text: str) -> bool:
    """
    Say whether there could be a job with this identifier.
    """
    return _IDENTIFIER.fullmatch(text) is not None


def do(roster: IRoster, request: pb.Request) -> Doing:
    """
    Begin what a gateway asks for.

    @raise BadMessage: If that is nothing, or makes no sense.
    """
    what = request.WhichOneof("what")
    if what == "start":
        if request.ByteSize() > _COMMAND:
            return fail(LaunchFailed("the command line is too long"))
        command = unconvertCommand(request.start.command)
        return roster.start(command, _name(request.start.owner))
    if what == "describe":
        return roster.describe()
    if what == "measure":
        return roster.measure()
    if what == "search":
        return roster.search(unconvertQuery(request.search))
    if what == "read_changes":
        return roster.changes(*unconvertReading(request.read_changes))
    if what not in ("stop", "signal", "find", "delete"):
        raise BadMessage(f"a request for {what}")
    identifier = decode(getattr(request, what).identifier)
    if not isIdentifier(identifier):
        return fail(NoSuchJob(identifier))
    if what == "find":
        return roster.find(identifier)
    if what == "delete":
        return roster.delete(identifier)
    if what == "signal":
        number = request.signal.number
        if not 0 < number <= 64:
            raise BadMessage("a signal that does not exist")
        return roster.signal(identifier, _name(request.signal.by), number)
    manner = unconvertManner(request.stop.manner)
    return roster.stop(identifier, _name(request.stop.by), manner)


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


def _name(text: bytes) -> str:
    """
    Get the subject that somebody is known by.
    """
    if len(text) > _NAME:
        raise BadMessage(f"a subject of {len(text)} bytes")
    return decode(text)
