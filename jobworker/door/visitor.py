"""
One visitor: from its handshake to the end of its connection.
"""

from __future__ import annotations

from typing import ClassVar, Final

from zope.interface import implementer

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IDelayedCall, IHalfCloseableProtocol
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..access.identity import Peer
from ..tls.names import fingerprintOf, namesOf
from ..tls.sessions import HandshakeFailed, Session, SessionBroken
from .dialing import BackendBusy
from .fields import FieldCounter
from .house import House
from .relay import Relay

#: How long to wait, in seconds, when the server has too many to accept.
_RETRY: Final = 0.02


@implementer(IHalfCloseableProtocol)
class Visitor(Protocol):
    """
    The visitor's end of a relay.

    @ivar _known: Whether the handshake is complete.
    @ivar _settled: Whether it is refused, or has reached the server.
    @ivar _peer: Who it is, when the handshake is complete.
    @ivar _relay: Where it goes to, when it has reached the server.
    @ivar _early: What it said before that.
    @ivar _fields: Counts header fields of what it says.
    @ivar _timer: Ends its time to get to the server, or to go.
    @ivar _redial: Tries the server once more.
    """

    log: ClassVar[Logger] = Logger()
    transport: Connection

    def __init__(
        self, house: House, session: Session, address: IPv4Address | IPv6Address
    ) -> None:
        self._house = house
        self._session = session
        self._host = address.host
        self._address = describeAddress(address)
        self._known = False
        self._settled = False
        self._peer: Peer | None = None
        self._name = ""
        self._relay: Relay | None = None
        self._early: list[bytes] = []
        self._fields = FieldCounter(house.limits.fields)
        self._timer: IDelayedCall | None = None
        self._redial: IDelayedCall | None = None

    def connectionMade(self) -> None:
        """
        Begin the handshake.
        """
        self._timer = self._house.clock.callLater(
            self._house.limits.handshakeSeconds, self._tooLate
        )
        self._house.arrive(self, self._host)

    def dataReceived(self, data: bytes) -> None:
        """
        Decrypt what it says and pass it on.
        """
        if self._session.finished:
            return
        self._session.feed(data)
        if not self._known:
            self._shake()
        if self._known:
            self._listen()

    def readConnectionLost(self) -> None:
        """
        It closes its half of the connection.
        """
        if self._relay is not None:
            self._relay.visitorFinished()
        else:
            self.refuse("the client closed the connection during the handshake")

    def writeConnectionLost(self) -> None:
        """
        Our half is closed, with everything delivered to the kernel.
        """

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002
        """
        Nothing more will come from it.
        """
        if self._relay is not None:
            self._relay.visitorLost()
            return
        self.refuse("the client broke the connection during the handshake")
        self._stopTimers()
        self._end()

    def refuse(self, cause: str, *, ours: bool = False) -> None:
        """
        Turn it away, unless that is decided already.

        @param ours: Whether it is no fault of the visitor's.
        """
        if self._settled:
            return
        self._settle()
        self._house.refusals.note(self._address, cause, ours=ours, peer=self._peer)
        self.transport.write(self._session.take())
        self._timer = self._house.clock.callLater(
            self._house.limits.farewellSeconds, self._insist
        )
        self.transport.loseConnection()

    def leave(self) -> None:
        """
        Ask it to go.
        """
        if self._relay is not None:
            self._relay.leave()
        else:
            self.refuse("the service is shutting down")

    def _shake(self) -> None:
        """
        Go on with the handshake.
        """
        if self._settled:
            return
        try:
            self._known = self._session.shake()
        except HandshakeFailed as failure:
            self.refuse(failure.cause)
        else:
            self.transport.write(self._session.take())
            if self._known:
                self._identify()

    def _identify(self) -> None:
        """
        Find out who it is, and connect it to the server.
        """
        try:
            certificate = self._session.certificate()
            names = namesOf(certificate)
        except ValueError:
            self.refuse("the client certificate is refused: it is malformed")
            return
        peer = self._peer = Peer(self._address, names, fingerprintOf(certificate))
        house = self._house
        if house.admissions.take() is not None:
            self.log.debug(
                "admitted {peer} with a certificate of {names}",
                peer=peer.address,
                names=sorted(names),
                certificate=peer.fingerprint,
            )
        self._name = house.book.enter(peer)
        self.transport.pauseProducing()
        self._dial(
            Relay(house.clock, house.limits, self._session, self.transport, self._end)
        )

    def _listen(self) -> None:
        """
        Pass on what it says.
        """
        try:
            data = self._session.read()
        except SessionBroken as broken:
            if self._house.admissions.take() is not None:
                self.log.debug(
                    "cut off {address}: {why}", address=self._address, why=broken
                )
            self.transport.abortConnection()
            return
        if not self._fields.bears(data):
            most = self._house.limits.fields
            self._cutOff(f"a request has more than {most} header fields")
            return
        if self._relay is None:
            self._early.append(data)
            return
        self._relay.visitorSaid(data)
        if self._session.finished:
            self._relay.visitorFinished()

    def _cutOff(self, cause: str) -> None:
        """
        Turn it away, though it may have reached the server.
        """
        if self._relay is None:
            self.refuse(cause)
        else:
            self._house.refusals.note(self._address, cause, peer=self._peer)
            self.transport.abortConnection()

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
            self._house.admit(self._peer)
            self._relay = relay
            relay.begin()
            early, self._early = self._early, []
            relay.visitorSaid(b"".join(early))
            if self._session.finished:
                relay.visitorFinished()

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
        self._stopTimers()

    def _stopTimers(self) -> None:
        for call in (self._timer, self._redial):
            if call is not None:
                call.cancel()
        self._timer = self._redial = None

    def _insist(self) -> None:
        """
        The time to go is over.
        """
        self._timer = None
        self.transport.abortConnection()

    def _end(self) -> None:
        """
        Everything is closed: forget it.
        """
        self._relay = None
        self._house.book.strike(self._name)
        self._house.depart(self)


def describeAddress(address: IPv4Address | IPv6Address) -> str:
    """
    Write an address as C{"127.0.0.1:51234"} or C{"[::1]:51234"}.
    """
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{host}:{address.port}"
