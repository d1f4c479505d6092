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
    decode,
    unconvertCommand,
    unconvertManner,
)
from .framing import LONGEST
from .journaling import unconvertReading
from .paging import unconvertQuery

# The longest request to start a job, and the longest subject, in bytes: a
# record with both is a message too.
_COMMAND: Final = LONGEST - 2**20
_NAME: Final = 2**16

# Identifiers become parts of paths, so that nothing else may be one.
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


def _name(text: bytes) -> str:
    """
    Get the subject that somebody is known by.
    """
    if len(text) > _NAME:
        raise BadMessage(f"a subject of {len(text)} bytes")
    return decode(text)
