"""
Two connections, each the continuation of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zope.interface import implementer

from attrs import define, field, frozen

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.python.failure import Failure

from ..prompt import writeNow
from ..tls.sessions import Session, SessionBroken
from .limits import Limits

# The bytes that are read at once from the server: as many as is usual, or, when
# it has much to say, more than a unix socket holds.  It takes time to have that
# much memory ready.
_USUAL: Final = 2**16
_MUCH: Final = 2**18

# What shows that it has not.
_LITTLE: Final = 2**14


class Backend(Protocol):
    """
    The server's end of a relay.
    """

    transport: Connection

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def dataReceived(self, data: bytes) -> None:
        """
        Pass on what the server says.
        """
        if len(data) >= _USUAL:
            self.transport.bufferSize = _MUCH
        elif len(data) < _LITTLE:
            self.transport.bufferSize = _USUAL
        self._relay.serverSaid(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        """
        Nothing more will come from the server.
        """
        self._relay.serverLost()


@implementer(IPushProducer)
@frozen
class Valve:
    """
    Lets one end be read no faster than the other one takes it.

    How the ends are closed is not decided here: a transport that is told to
    stop producing would close without a farewell.
    """

    _end: Connection

    def pauseProducing(self) -> None:
        """
        Read nothing more for now.
        """
        self._end.pauseProducing()

    def resumeProducing(self) -> None:
        """
        Read again.
        """
        self._end.resumeProducing()

    def stopProducing(self) -> None:
        """
        Leave it to the relay, which is told that the other end is lost.
        """


@define(eq=False)
class Relay:
    """
    Passes bytes both ways, and closes one end after the other.

    What an end has said before it closed is delivered, and what the other one
    answers to that too, if it does so at once.

    @ivar backend: The end that is to be connected to the server before
        anything else is called.
    @ivar _ended: What to call when both ends are closed.
    """

    _clock: IReactorTime
    _limits: Limits
    _session: Session
    _visitor: Connection
    _ended: Callable[[], None]
    backend: Backend = field(init=False)
    _visitorOpen: bool = field(default=True, init=False)
    _serverOpen: bool = field(default=True, init=False)
    _visitorFinished: bool = field(default=False, init=False)
    _insisting: IDelayedCall | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.backend = Backend(self)

    @property
    def _server(self) -> Connection:
        return self.backend.transport

    def begin(self) -> None:
        """
        The server is connected: let the bytes flow.
        """
        self._server.registerProducer(Valve(self._visitor), True)
        self._visitor.registerProducer(Valve(self._server), True)
        self._visitor.resumeProducing()

    def visitorSaid(self, data: bytes) -> None:
        """
        Give something to the server.
        """
        writeNow(self._server, data)

    def serverSaid(self, data: bytes) -> None:
        """
        Give something to the visitor.
        """
        try:
            writeNow(self._visitor, self._session.write(data))
        except SessionBroken:
            self._visitor.abortConnection()

    def visitorFinished(self) -> None:
        """
        The visitor says nothing more, but may listen for a while.
        """
        self._visitorFinished = True
        if self._serverOpen:
            self._insistAfter(self._limits.lingerSeconds)
            self._server.loseWriteConnection()
        else:
            self._visitor.loseConnection()

    def visitorLost(self) -> None:
        """
        The visitor is gone: give the server what it said, and close.
        """
        self._visitorOpen = False
        if not self._hasEnded():
            self._insistAfter(self._limits.lingerSeconds)
            self._server.unregisterProducer()
            self._server.loseConnection()

    def serverLost(self) -> None:
        """
        The server has closed: give the visitor what it said, say farewell,
        and close when the visitor does.

        To close at once would take back what is still on its way, if the
        visitor has said something that was not read.
        """
        self._serverOpen = False
        if not self._hasEnded():
            self._insistAfter(self._limits.lingerSeconds)
            self._session.farewell()
            self._visitor.write(self._session.take())
            self._visitor.unregisterProducer()
            if self._visitorFinished:
                self._visitor.loseConnection()
            else:
                self._visitor.resumeProducing()
                self._visitor.loseWriteConnection()

    def leave(self) -> None:
        """
        Tell the server that the visitor goes, and let what it still says be
        read, for as long as a farewell may take.
        """
        self._insistAfter(self._limits.farewellSeconds)
        if self._serverOpen:
            self._server.loseWriteConnection()

    def _hasEnded(self) -> bool:
        """
        Find out whether it is over, and if so, say it.
        """
        if self._visitorOpen or self._serverOpen:
            return False
        if self._insisting is not None:
            self._insisting.cancel()
            self._insisting = None
        # Nothing refers to itself any more, so that memory is free at once.
        del self.backend
        self._ended()
        return True

    def _insistAfter(self, seconds: float) -> None:
        """
        Close by force what is still open then, or earlier if that was asked
        for before.
        """
        if self._insisting is None:
            self._insisting = self._clock.callLater(seconds, self._insist)
        elif self._insisting.getTime() > self._clock.seconds() + seconds:
            self._insisting.reset(seconds)

    def _insist(self) -> None:
        self._insisting = None
        if self._visitorOpen:
            self._visitor.abortConnection()
        if self._serverOpen:
            self._server.abortConnection()
