"""
What a service says about itself.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Limit:
    """
    The most that there may be of something.

    @ivar name: Of what, as C{"request_bytes"}: the unit comes last.
    @ivar value: How much; 0 if there is no limit.
    """

    name: str
    value: int


@frozen
class Guarantee:
    """
    Something that one may want to rely on.

    @ivar name: What, as C{"jobs_outlive_gateway"}.
    @ivar holds: Whether one can.
    @ivar reason: Why not, in words; empty if it holds.
    """

    name: str
    holds: bool
    reason: str = ""


@frozen
class Tally:
    """
    What the process that runs jobs has counted since it began, and what there
    is now.

    @ivar started: Jobs that were started.
    @ivar ended: Jobs that have ended, by the words of their causes.
    @ivar logBytes: Bytes that jobs have written to their logs.
    @ivar running: Jobs whose command runs.
    @ivar draining: Jobs whose command has exited, but that have not ended.
    @ivar kept: Jobs that have ended and are remembered.
    @ivar spoolBytes: Bytes that all logs take on disk.
    """

    started: int = 0
    ended: tuple[tuple[str, int], ...] = ()
    logBytes: int = 0
    running: int = 0
    draining: int = 0
    kept: int = 0
    spoolBytes: int = 0


@frozen
class Description:
    """
    The process that runs jobs.

    @ivar package: The version of its package.
    """

    package: str = ""
    limits: tuple[Limit, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
