"""
What happens while a log is read, as data.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from ..jobs import Source
from .failures import Failure
from .values import JobStatus


@frozen
class Output:
    """
    Bytes that the job wrote.  They come in order and each comes once.

    @ivar offset: How many bytes of the source come before.
    @ivar time: When the first was read from the job: nanoseconds since the
        epoch; 0 if the server does not tell.
    """

    source: Source
    offset: int
    time: int
    data: bytes


@frozen
class Missing:
    """
    Bytes that the server does not have (any more).

    @ivar offset: How many bytes of the source come before.
    @ivar length: How many are missing.
    @ivar reason: Why, in words of the server.
    """

    source: Source
    offset: int
    length: int
    reason: str


@frozen
class Waiting:
    """
    The connection was lost or could not be made; there will be another attempt.

    @ivar delay: Seconds until then.
    """

    failure: Failure
    delay: float


@frozen
class Finished:
    """
    Everything was received, and it is what the server says that it should be.

    @ivar status: The job, as it is now.
    """

    status: JobStatus


Event: TypeAlias = Output | Missing | Waiting | Finished
