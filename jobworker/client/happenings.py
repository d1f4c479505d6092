"""
What happens while jobs are watched, as data.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from attrs import frozen

from .events import Waiting
from .values import JobStatus


class ChangeKind(Enum):
    """
    What happened to a job.

    @cvar CHANGED: Its end was asked for, or its command has exited and
        something that it left behind may still run.
    @cvar UNKNOWN: The server is newer than this client.
    """

    STARTED = "started"
    CHANGED = "changed"
    ENDED = "ended"
    DELETED = "deleted"
    UNKNOWN = "unknown"


@frozen
class Present:
    """
    A job that is there.  One that changes at the same time is told as a change
    instead.

    @ivar token: Watching goes on behind this if it is begun with this token.
    """

    status: JobStatus
    token: str


@frozen
class Current:
    """
    All jobs that were there have been told; what follows are changes.
    """

    token: str


@frozen
class Changed:
    """
    Something has happened to a job.

    @ivar revision: Rises with each change of any job.
    @ivar time: When it was written down: nanoseconds since the epoch.
    @ivar status: The job after that, or before it was deleted.
    """

    revision: int
    kind: ChangeKind
    time: int
    status: JobStatus
    token: str


#: What watching tells.
Happening: TypeAlias = Present | Current | Changed | Waiting
