"""
What the drain does for one log.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from ..jobs import Source
from .limits import Writer
from .spool import TRANSFER


@define(eq=False)
class Collection:
    """
    A log, and the pipes that lead to it.

    The callbacks are called in the reactor thread.

    @ivar pipes: The reading ends that are still open.
    @ivar grew: Called after the log became longer or was sealed, once for many
        times.
    @ivar dry: Called once, when all pipes have come to their end.
    @ivar sealed: Called once, when the log is complete.
    @ivar sealing: Whether the log is to be sealed, rather than waited for.
    """

    spool: Writer
    pipes: dict[Source, int]
    grew: Callable[[], None]
    dry: Callable[[], None]
    sealed: Callable[[], None]
    sealing: bool = field(default=False, init=False)


def empty(spool: Writer, source: Source, pipe: int) -> int:
    """
    Move what a pipe holds now: no more than it can hold, so that somebody who
    goes on writing does not keep us.

    @return: How many bytes.
    """
    rest = TRANSFER
    try:
        while rest > 0 and (moved := spool.transfer(source, pipe)):
            rest -= moved
    except BlockingIOError:
        pass
    return TRANSFER - rest
