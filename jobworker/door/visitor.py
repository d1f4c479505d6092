"""
One visitor: from its handshake to the end of its connection.
"""

from __future__ import annotations

from typing import ClassVar, Final

from zope.interface import implementer

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IDelayedCall, IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOProtocol
from twisted.python.failure import Failure

from ..access.identity import Peer
from ..tls.contexts import Visit
from ..tls.names import fingerprintOf, namesOf
from .dialing import BackendBusy
from .house import House
from .relay import Relay

#: How long to wait, in seconds, when the server has too many to accept.
_RETRY: Final = 0.02


@implementer(IHandshakeListener)
class Visitor(Protocol):
    """
    The visitor's end of a relay, inside of TLS.

    @ivar _settled: Whether it is refused, or has reached the server.
    @ivar _early: What it said before the server was connected.
    @ivar _timer: Ends its time to get to the server.
    @ivar _redial: Tries the server once more.
    """

    log: ClassVar[Logger] = Logger()
    transport: TLSMemoryBIOProtocol

    def __init__(self, house: House, address: IPv4Address | IPv6Address) -> None:
        self._house = house
        self._host = address.host
        self._address = describeAddress(address)
        self._settled = False
        self._name = ""
        self._relay: Relay | None = None
        self._early: list[bytes] = []
        self._timer: IDelayedCall | None = None
        self._redial: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """
        Begin the handshake.
        """
        self._visit = Visit(self.transport.getHandle())
        self._timer = self._house.clock.callLater(
            self._house.limits.handshakeSeconds, self._tooLate
        )
        self._house.arrive(self, self._host)

    def handshakeCompleted(self) -> None:
        """
        Find out who it is, and connect it to the server.
        """
        if self._settled:
            return
        if not self._visit.speaksHTTP2():
            self.refuse("the client does not offer HTTP/2 (ALPN h2)")
            return
        try:
            certificate = self._visit.certificate()
            names = namesOf(certificate)
        except ValueError:
            self.refuse("the client certificate is refused: it is malformed")
            return
        peer = Peer(self._address, names, fingerprintOf(certificate))
        self.log.debug("admitted {peer!r}", peer=peer)
        self._name = self._house.book.enter(peer)
        house = self._house
        self.transport.pauseProducing()
        self._dial(Relay(house.clock, house.limits, self.transport, self._end))

    def dataReceived(self, data: bytes) -> None:
        """
        Pass on what it says.
        """
        if self._relay is None:
            self._early.append(data)
        else:
            self._relay.backend.transport.write(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Nothing more will come from it.
        """
        if self._relay is not None:
            self._relay.visitorLost()
            return
        if not self._settled:
            self._settle()
            self._house.refusals.note(self._address, self._visit.describe(reason.value))
        self._end()

    def refuse(self, cause: str, *, ours: bool = False) -> None:
        """
        Turn it away, unless that is decided already.

        @param ours: Whether it is no fault of the visitor's.
        """
        if not self._settled:
            self._settle()
            self._house.refusals.note(self._address, cause, ours=ours)
            self.transport.abortConnection()

    def leave(self) -> None:
        """
        Ask it to go.
        """
        if self._relay is not None:
            self._relay.leave()
        else:
            self.refuse("the service is shutting down")

    def _dial(self, relay: Relay) -> None:
        """
        Connect to the server, again and again while it is too busy.
        """
        self._redial = None
        try:
            self._house.dialer.dial(self._name, relay.backend)
        except BackendBusy:
            self._redial = self._house.clock.callLater(_RETRY, self._dial, relay)
        except OSError as error:
            self.refuse(
                f"the server behind the door cannot be reached: {error.strerror}",
                ours=True,
            )
        else:
            self._settle()
            self._house.admitted += 1
            self._relay = relay
            early, self._early = self._early, []
            relay.backend.transport.writeSequence(early)
            relay.begin()

    def _tooLate(self) -> None:
        """
        The time to get to the server is over.
        """
        self._timer = None
        limit = self._house.limits.handshakeSeconds
        if self._redial is None:
            self.refuse(f"the handshake took longer than {limit:g} s")
        else:
            self.refuse(
                f"the server behind the door was too busy for {limit:g} s", ours=True
            )

    def _settle(self) -> None:
        """
        It is decided whether this visitor gets to the server.
        """
        self._settled = True
        self._house.settle(self)
        for call in (self._timer, self._redial):
            if call is not None:
                call.cancel()
        self._timer = self._redial = None

    def _end(self) -> None:
        """
        Everything is closed: forget it.
        """
        self._house.book.strike(self._name)
        self._house.depart(self)


def describeAddress(address: IPv4Address | IPv6Address) -> str:
    """
    Write an address as C{"127.0.0.1:51234"} or C{"[::1]:51234"}.
    """
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
