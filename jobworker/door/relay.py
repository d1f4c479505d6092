"""
Two connections, each the continuation of the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from zope.interface import implementer

from attrs import define, field, frozen

from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from .limits import Limits


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
        self._relay.visitor.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        """
        Nothing more will come from the server.
        """
        self._relay.backendLost()


@implementer(IPushProducer)
@frozen
class Valve:
    """
    Lets one end be read no faster than the other one takes it.

    How the ends are closed is not decided here: a TLS transport that is told
    to stop producing would close without a farewell.
    """

    _end: TLSMemoryBIOProtocol | Connection

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

    What an end has sent before it closed is delivered.

    @ivar visitor: The TLS transport of the visitor.
    @ivar backend: The end that is to be connected to the server before
        anything else is called.
    @ivar _ended: What to call when both ends are closed.
    """

    #: The most that is read of an end at a time, in bytes.
    bufferSize: ClassVar[int] = 1 << 18

    _clock: IReactorTime
    _limits: Limits
    visitor: TLSMemoryBIOProtocol
    _ended: Callable[[], None]
    backend: Backend = field(init=False)
    _visitorOpen: bool = field(default=True, init=False)
    _serverOpen: bool = field(default=True, init=False)
    _insisting: IDelayedCall | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.backend = Backend(self)

    def begin(self) -> None:
        """
        The server is connected: let the bytes flow.
        """
        server = self.backend.transport
        server.registerProducer(Valve(self.visitor), True)
        self.visitor.registerProducer(Valve(server), True)
        self.visitor.resumeProducing()

    def visitorLost(self) -> None:
        """
        The visitor is gone: give the server what it said, and close.
        """
        self._visitorOpen = False
        if not self._hasEnded():
            server = self.backend.transport
            self._insistAfter(self._limits.lingerSeconds)
            server.unregisterProducer()
            server.loseConnection()

    def backendLost(self) -> None:
        """
        The server has closed: give the visitor what it said, and close.
        """
        self._serverOpen = False
        if not self._hasEnded():
            self._insistAfter(self._limits.lingerSeconds)
            self.visitor.unregisterProducer()
            # Its farewell has to be read.
            self.visitor.resumeProducing()
            self.visitor.loseConnection()

    def leave(self) -> None:
        """
        Tell the server that the visitor goes, and let what it still says be
        read, for as long as a farewell may take.
        """
        self._insistAfter(self._limits.farewellSeconds)
        if self._serverOpen:
            self.backend.transport.loseWriteConnection()

    def _hasEnded(self) -> bool:
        """
        Find out whether it is over, and if so, say it.
        """
        if self._visitorOpen or self._serverOpen:
            return False
        if self._insisting is not None:
            self._insisting.cancel()
            self._insisting = None
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
            self.visitor.abortConnection()
        if self._serverOpen:
            self.backend.transport.abortConnection()
