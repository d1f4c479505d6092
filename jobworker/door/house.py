"""
What all visitors share: limits, books, and the knowledge of each other.
"""

from __future__ import annotations

from typing import Protocol

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from ..access.decisions import Decision, IWitness, Nobody
from ..access.identity import Peer
from ..access.peers import PeerBook
from ..milestones import Milestone
from ..sparing import Sparing
from .crowd import Crowd
from .dialing import Dialer
from .limits import Limits
from .refusals import RefusalLog


class Guest(Protocol):
    """
    Somebody who has connected.
    """

    def refuse(self, cause: str) -> None:
        """
        Turn it away, at once.
        """

    def leave(self) -> None:
        """
        Ask it to go, within the time for farewells.
        """


@define(eq=False)
class House:
    """
    Who is there, and what they find.

    @ivar witness: Is told who is let in.
    @ivar admitted: How many connections have reached the server so far.
    @ivar admissions: Says of which of them there is a word in the log.
    @ivar closing: Whether nobody is let in any more.
    """

    clock: IReactorTime
    limits: Limits
    book: PeerBook
    dialer: Dialer
    refusals: RefusalLog
    witness: IWitness = field(factory=Nobody)
    admitted: int = field(default=0, init=False)
    closing: bool = field(default=False, init=False)
    admissions: Sparing = field(factory=Sparing, init=False)
    _handshaking: Crowd[Guest] = field(factory=Crowd, init=False)
    _guests: dict[Guest, None] = field(factory=dict, init=False)
    _empty: Milestone[None] = field(factory=Milestone, init=False)

    @property
    def connections(self) -> int:
        """
        How many connections there are.
        """
        return len(self._guests)

    @property
    def handshakes(self) -> int:
        """
        How many of them are in handshake.
        """
        return len(self._handshaking)

    def whyNot(self) -> str | None:
        """
        Say why nobody can be let in just now, if that is so.
        """
        if self.closing:
            return "the service is shutting down"
        if len(self._guests) >= self.limits.connections:
            return f"there are {len(self._guests)} connections already"
        return None

    def arrive(self, guest: Guest, host: str) -> None:
        """
        Let somebody begin its handshake, if need be in place of another.
        """
        if len(self._handshaking) >= self.limits.handshakes:
            self._handshaking.burden().refuse(
                "it had to give way: too many connections are in handshake"
            )
        self._handshaking.add(guest, host)
        self._guests[guest] = None

    def admit(self, peer: Peer | None) -> None:
        """
        Somebody has reached the server.
        """
        self.admitted += 1
        address = "" if peer is None else peer.address
        self.witness.decided(Decision(True, address=address, peer=peer))

    def settle(self, guest: Guest) -> None:
        """
        The handshake is over, one way or the other.
        """
        self._handshaking.discard(guest)

    def depart(self, guest: Guest) -> None:
        """
        Nothing of this connection is left.
        """
        self._handshaking.discard(guest)
        self._guests.pop(guest, None)
        self._checkEmpty()

    def close(self) -> Deferred[None]:
        """
        Let nobody in any more, and ask everybody to go.

        @return: A L{Deferred} firing when nobody is left.
        """
        if not self.closing:
            self.closing = True
            for guest in tuple(self._guests):
                guest.leave()
            self._checkEmpty()
        return self._empty.wait()

    def _checkEmpty(self) -> None:
        if self.closing and not self._guests and not self._empty.reached:
            self._empty.reach(None)
