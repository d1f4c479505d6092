"""
Watching jobs over connections that get lost: what to ask for, and what the
answers tell.

Nothing here performs I/O.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field

from ..api import worker_pb2 as wire
from .events import Waiting
from .failures import Failure, Unacceptable, Unreachable
from .filters import Filter
from .happenings import Changed, ChangeKind, Current, Happening, Present
from .listing import requestFor
from .questions import Inquiry
from .retrying import Attempts
from .translation import statusOf

_KINDS: Final = {
    wire.Change.STARTED: ChangeKind.STARTED,
    wire.Change.CHANGED: ChangeKind.CHANGED,
    wire.Change.ENDED: ChangeKind.ENDED,
    wire.Change.DELETED: ChangeKind.DELETED,
}


@define(eq=False)
class Outlook:
    """
    Watching jobs, however often the connection is lost.

    @ivar _request: What to ask for next.
    @ivar _progressed: Whether anything has arrived since the last loss.
    """

    _request: wire.WatchRequest
    _progressed: bool = field(default=False, init=False)
    _attempts: Attempts = field(factory=Attempts, init=False)

    def inquiry(self) -> Inquiry[wire.WatchReply]:
        """
        Ask for what was not told yet.
        """
        return Inquiry("WatchJobs", self._request, wire.WatchReply.FromString, True)

    def take(self, reply: wire.WatchReply) -> Happening | None:
        """
        Take one message, and say what it tells.
        """
        self._progressed = True
        self._request.resume_token = token = reply.resume_token
        kind = reply.WhichOneof("reply")
        if kind == "present":
            return Present(statusOf(reply.present), token)
        if kind == "current":
            return Current(token)
        if kind == "change":
            change = reply.change
            return Changed(
                change.revision,
                _KINDS.get(change.kind, ChangeKind.UNKNOWN),
                change.time,
                statusOf(change.status),
                token,
            )
        # A heartbeat, or something that this client does not know.
        return None

    def over(self) -> Unreachable:
        """
        Say what it means that no more messages come.
        """
        return Unreachable("the server tells no more of jobs")

    def another(self, failure: Failure) -> Waiting:
        """
        Decide after a connection was lost; see L{Attempts.another}.
        """
        if self._progressed:
            self._progressed = False
            self._attempts.progressed()
        return self._attempts.another(failure)


def outlookOn(wanted: Filter, since: str, present: bool) -> Outlook:
    """
    Decide what to watch.

    @raise Unacceptable: If that cannot be.
    """
    jobs = requestFor(wanted)
    try:
        request = wire.WatchRequest(
            jobs=jobs, resume_token=since, changes_only=not present
        )
    except (UnicodeError, ValueError):
        raise Unacceptable(
            "this is no resume token", "leave it out to begin now"
        ) from None
    return Outlook(request)
