"""
The supervisor's end of the socket: one roster, any number of gateways.
"""

from __future__ import annotations

from collections.abc import Callable, Set

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IReactorTime, ITransport
from twisted.internet.protocol import Factory
from twisted.logger import Logger

from ..interfaces.roster import IRoster
from ..milestones import Milestone
from .greeting import Greeting, ourGreeting
from .outbox import MOST
from .peers import Peer, readPeer
from .session import Session, Terms


@define(eq=False)
class SessionFactory(Factory):
    """
    Takes gateways in.

    @ivar _permitted: The users whose gateways are taken in.
    @ivar _changed: Called when a gateway has come or gone.
    @ivar sessions: The gateways that are connected and have greeted.
    """

    noisy = False
    log = Logger()

    _clock: IReactorTime
    _roster: IRoster
    _permitted: Set[int]
    _changed: Callable[[], None] = lambda: None
    _greeting: Greeting = field(factory=ourGreeting)
    _most: int = MOST
    _identify: Callable[[ITransport], Peer] = readPeer
    sessions: set[Session] = field(factory=set, init=False)
    _terms: Terms = field(init=False)
    _closing: bool = field(default=False, init=False)
    _closed: Milestone[None] = field(factory=Milestone, init=False)

    def __attrs_post_init__(self) -> None:
        self._terms = Terms(
            self._clock,
            self._roster,
            self._permitted,
            self._began,
            self._gone,
            self._greeting,
            self._most,
            self._identify,
        )

    def buildProtocol(self, addr: IAddress | None) -> Session:  # noqa: ARG002
        """
        Talk to one gateway.
        """
        return Session(self._terms)

    def close(self) -> Deferred[None]:
        """
        Close all connections when everything was sent.

        Call this when nobody can connect any more.

        @return: A L{Deferred} firing when they are closed.
        """
        self._closing = True
        for session in tuple(self.sessions):
            session.close()
        if not self.sessions and not self._closed.reached:
            self._closed.reach(None)
        return self._closed.wait()

    def _began(self, session: Session) -> None:
        self.sessions.add(session)
        self._changed()

    def _gone(self, session: Session) -> None:
        if session in self.sessions:
            self.log.info("{who} is gone", who=session.who())
            self.sessions.remove(session)
            self._changed()
            if self._closing and not self.sessions and not self._closed.reached:
                self._closed.reach(None)
