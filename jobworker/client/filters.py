"""
Which jobs somebody wants to see, as data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from .values import State


@frozen
class Filter:
    """
    What jobs have in common that are wanted.

    @ivar states: The states that they may be in; none means any.
    @ivar owner: The subject who started them; empty for anybody.
    @ivar after: When they were started at the earliest: nanoseconds since the
        epoch.
    @ivar before: The time before which they were started.
    @ivar prefix: What their ids begin with.
    @ivar labels: Labels that they have, with these values; C{None} for any
        value.
    @ivar name: The name that they have; empty for any.
    """

    states: Sequence[State] = ()
    owner: str = ""
    after: int | None = None
    before: int | None = None
    prefix: str = ""
    labels: Mapping[str, str | None] = field(factory=dict)
    name: str = ""


#: What lets every job through.
EVERYTHING: Final = Filter()
