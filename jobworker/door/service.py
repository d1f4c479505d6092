"""
The door, as a service.
"""

from __future__ import annotations

import socket

from attrs import define, field

from twisted.application.service import Service
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import (
    IAddress,
    IListeningPort,
    IReactorSocket,
    IReactorTime,
)
from twisted.internet.protocol import ServerFactory

from ..access.decisions import IWitness, Nobody
from ..access.peers import PeerBook
from ..tls.contexts import ServerTLS
from .dialing import Dialer
from .house import House
from .limits import Limits
from .listening import openSocket
from .refusals import RefusalLog
from .visitor import Visitor, describeAddress


class _Entrance(ServerFactory):
    """
    Lets connections in, or not, before anything is done for them.
    """

    noisy = False

    def __init__(self, house: House, tls: ServerTLS) -> None:
        self._house = house
        self._tls = tls

    def buildProtocol(self, addr: IAddress | None) -> Visitor | None:
        """
        Begin with somebody.
        """
        assert isinstance(addr, (IPv4Address, IPv6Address))
        cause = self._house.whyNot()
        if cause is not None:
            self._house.refusals.note(describeAddress(addr), cause)
            return None
        return Visitor(self._house, self._tls.begin(), addr)


@define(eq=False, slots=False)
class Door(Service):
    """
    Listens, ends TLS, and relays those with a certificate of ours to the gRPC
    server, under names that a book of peers knows.

    L{stopService} lets nobody in any more but leaves everybody inside;
    L{close} shows them out.

    @ivar _port: Where to listen; 0 for a port that is free.
    @ivar _backend: The unix socket of the gRPC server.
    @ivar _witness: Is told of everybody who comes.
    """

    _reactor: IReactorSocket
    _clock: IReactorTime
    _interface: str
    _port: int
    _tls: ServerTLS
    _book: PeerBook
    _backend: str
    _limits: Limits = field(factory=Limits)
    _witness: IWitness = field(factory=Nobody)
    house: House = field(init=False)
    _socket: socket.socket | None = field(default=None, init=False)
    _address: tuple[str, int] | None = field(default=None, init=False)
    _listening: IListeningPort | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.house = House(
            self._clock,
            self._limits,
            self._book,
            Dialer(self._reactor, self._backend),
            RefusalLog(self._clock, self._witness),
            self._witness,
        )

    @property
    def address(self) -> tuple[str, int]:
        """
        Where the door is, when it listens: host and port.
        """
        assert self._address is not None, "the door does not listen yet"
        return self._address

    def listen(self) -> None:
        """
        Take the port, unless that is done.

        Those who connect wait until the service has started.

        @raise BadConfiguration: If it cannot be had.
        """
        if self._address is None:
            self._socket = openSocket(
                self._interface, self._port, self._limits.stallSeconds
            )
            self._address = self._socket.getsockname()[:2]

    def privilegedStartService(self) -> None:
        """
        Take the port while we are allowed to.

        @raise BadConfiguration: If it cannot be had.
        """
        Service.privilegedStartService(self)
        self.listen()

    def startService(self) -> None:
        """
        Let visitors in.  The gRPC server should listen by now.

        @raise BadConfiguration: If the port cannot be had.
        """
        Service.startService(self)
        self.listen()
        assert self._socket is not None
        with self._socket as ours:
            self._listening = self._reactor.adoptStreamPort(
                ours.fileno(), ours.family, _Entrance(self.house, self._tls)
            )
        self._socket = None

    def stopService(self) -> Deferred[None]:
        """
        Let nobody in any more.

        @return: A L{Deferred} firing when the port is free.
        """
        Service.stopService(self)
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._address = None
        listening, self._listening = self._listening, None
        stopped = maybeDeferred(listening.stopListening if listening else bool)
        return stopped.addCallback(lambda _: None)

    def close(self) -> Deferred[None]:
        """
        End all connections, and let nobody in any more.

        What the server has said before it closed is delivered; who does not
        take it within the time for farewells is cut off.  So call this when
        the server has stopped.

        @return: A L{Deferred} firing when no connection is left.  It never
            fails.
        """
        return self.house.close().addCallback(lambda _: self.house.refusals.close())
