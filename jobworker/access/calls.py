"""
The call that is being answered, for whoever has to say whose it is.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from attrs import define

from .identity import Caller, Peer


@define(eq=False)
class Call:
    """
    One call, from when it comes until it is answered.

    @ivar method: What is called: a method of ours, or of another service with the
        name of that before it.
    @ivar number: Tells the calls of one process apart.
    @ivar peer: Whose connection it came over, once that is known.
    @ivar caller: Who calls, once that is known.
    @ivar job: Which job it is about, once that is known.
    @ivar decided: Whether it was decided whether it is carried out.
    """

    method: str
    number: int = 0
    peer: Peer | None = None
    caller: Caller | None = None
    job: str = ""
    decided: bool = False


#: Every call is answered in a context of its own.
CURRENT: Final[ContextVar[Call | None]] = ContextVar("CURRENT", default=None)
