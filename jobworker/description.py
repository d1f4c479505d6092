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
class Description:
    """
    The process that runs jobs.

    @ivar package: The version of its package.
    """

    package: str = ""
    limits: tuple[Limit, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
