"""
What was decided about connections and calls, for whoever keeps account.
"""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from ..jobs import Command
from .identity import Caller, Peer


@frozen
class Decision:
    """
    Somebody was let in, or was not.

    @ivar method: What was called; empty for a connection.
    @ivar cause: Why not, as one of few words.
    @ivar reason: Why not, for people.
    @ivar address: Where the connection comes from, if there is one.
    @ivar peer: What the certificate says, if it is known.
    @ivar caller: What the token says, if it is known.
    @ivar call: Tells the calls of one process apart.
    @ivar job: Which job the call is about, if it is known.
    @ivar command: What is to be started, if anything is.
    """

    allowed: bool
    method: str = ""
    cause: str = ""
    reason: str = ""
    address: str = ""
    peer: Peer | None = None
    caller: Caller | None = None
    call: int = 0
    job: str = ""
    command: Command | None = None


class IWitness(Protocol):
    """
    Somebody who keeps account of decisions.

    The methods are called in any thread, and return at once.
    """

    def decided(self, decision: Decision) -> None:
        """
        It was decided about a connection or a call, and nothing was done yet.

        @raise Unrecorded: If what was allowed must not be done, because
            nobody would know of it.
        """

    def started(self, call: int, job: str) -> None:
        """
        A call has started a job.
        """


class Nobody:
    """
    Keeps no account.
    """

    def decided(self, decision: Decision) -> None:
        """
        Whatever it is.
        """

    def started(self, call: int, job: str) -> None:
        """
        Whichever it is.
        """
