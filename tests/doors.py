"""
Doors for tests, what may be behind them, and those who come to them.
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Callable

from attrs import define, field

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.tcp import Connection
from twisted.internet.testing import EventLoggingObserver
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from jobworker.access.peers import PeerBook
from jobworker.door.limits import Limits
from jobworker.door.service import Door
from jobworker.milestones import Milestone
from jobworker.tls.contexts import ServerTLS, makeServerTLS
from jobworker.tls.credentials import loadServerCredentials
from tests.certificates import path

#: How long anything in a test may take, in seconds.
PATIENCE = 10.0


def serverTLS() -> ServerTLS:
    """
    Make the TLS side of a server with good credentials.
    """
    return makeServerTLS(
        loadServerCredentials(
            path("server_cert.pem"),
            path("server_key.pem"),
            [path("client_ca.pem")],
            time.time(),
        )
    )


def clientContext(stem: str | None = "alice", *protocols: str) -> ssl.SSLContext:
    """
    Make what a good client has, or one with another certificate.

    @param stem: What the names of its files begin with, if it has any.

    @param protocols: What it offers by ALPN, if not HTTP/2.
    """
    context = ssl.create_default_context(cafile=path("server_ca.pem"))
    context.set_alpn_protocols([*protocols] or ["h2"])
    if stem is not None:
        context.load_cert_chain(path(f"{stem}_cert.pem"), path(f"{stem}_key.pem"))
    return context


def connect(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """
    Connect to a door.  This blocks; call it in a thread.
    """
    raw = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    try:
        return context.wrap_socket(raw, server_hostname="localhost")
    except BaseException:
        raw.close()
        raise


class Servant(Protocol):
    """
    One connection that has come through the door, as the server sees it.

    @ivar received: What it said.
    @ivar ended: That it is closed.
    """

    transport: Connection

    def __init__(self) -> None:
        self.received = bytearray()
        self.ended: Milestone[None] = Milestone()

    def dataReceived(self, data: bytes) -> None:
        """
        Keep what was said.
        """
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Say that it is closed.
        """
        self.ended.reach(None)


class Echo(Servant):
    """
    Says again what was said.
    """

    def dataReceived(self, data: bytes) -> None:
        """
        Say it again.
        """
        self.transport.write(data)


class Server(Factory):
    """
    What is behind a door.

    @ivar servants: Its connections, with the names that they come from.
    """

    noisy = False

    def __init__(self, protocol: Callable[[], Servant]) -> None:
        self._protocol = protocol
        self.servants: list[Servant] = []
        self.names: list[str] = []
        self._awaited: list[Deferred[Servant]] = []

    def buildProtocol(self, addr: IAddress | None) -> Servant:
        """
        Take another connection.
        """
        name = getattr(addr, "name", b"") or b""
        servant = self._protocol()
        self.servants.append(servant)
        self.names.append(name.decode().replace("\0", "unix-abstract:"))
        awaited, self._awaited = self._awaited, []
        for deferred in awaited:
            reactor.callLater(0, deferred.callback, servant)
        return servant

    def whenDeserted(self) -> Deferred[list[None]]:
        """
        Wait for the end of all connections, which somebody else has closed.
        """
        for servant in self.servants:
            if not servant.ended.reached:
                servant.transport.resumeProducing()
        return gatherResults([servant.ended.wait() for servant in self.servants])

    def whenVisited(self) -> Deferred[Servant]:
        """
        Wait for the next connection.
        """
        deferred: Deferred[Servant] = Deferred()
        self._awaited.append(deferred)
        return deferred


@define
class Scene:
    """
    A door, with what is behind it.
    """

    door: Door
    server: Server
    book: PeerBook
    observer: EventLoggingObserver
    socketPath: str = field(default="")

    @property
    def port(self) -> int:
        """
        Where the door is.
        """
        return self.door.address[1]

    def refusals(self) -> list[LogEvent]:
        """
        Find what was logged about those who were refused.
        """
        return [
            event
            for event in self.observer
            if event.get("log_namespace", "").startswith("jobworker.door.refusals")
        ]


def openDoor(
    case: TestCase,
    protocol: Callable[[], Servant] = Echo,
    limits: Limits | None = None,
    serving: bool = True,
    start: bool = True,
    clock: IReactorTime = reactor,
) -> Scene:
    """
    Open a door for one test.

    @param protocol: What the server behind it does.

    @param serving: Whether there is a server.

    @param start: Whether the door is to be started.

    @param clock: What time it is for the door, if a test lets that pass.
    """
    directory = tempfile.mkdtemp(dir="/tmp")
    case.addCleanup(shutil.rmtree, directory)
    socketPath = os.path.join(directory, "grpc")
    server = Server(protocol)
    if serving:
        listening = reactor.listenUNIX(socketPath, server)  # type: ignore[attr-defined]
        case.addCleanup(listening.stopListening)
    case.addCleanup(server.whenDeserted)
    book = PeerBook()
    door = Door(
        reactor,  # type: ignore[arg-type]
        clock,
        "127.0.0.1",
        0,
        serverTLS(),
        book,
        socketPath,
        limits or Limits(),
    )
    observer = EventLoggingObserver.createWithCleanup(case, globalLogPublisher)
    if start:
        door.startService()
    case.addCleanup(door.close)
    case.addCleanup(door.stopService)
    return Scene(door, server, book, observer, socketPath)


async def meet(
    case: TestCase, scene: Scene, stem: str = "alice"
) -> tuple[ssl.SSLSocket, Servant]:
    """
    Come through a door.

    @return: Both ends.
    """
    visited = scene.server.whenVisited()
    client = await deferToThread(connect, scene.port, clientContext(stem))
    case.addCleanup(client.close)
    return client, await visited


def readAll(connection: ssl.SSLSocket) -> bytes:
    """
    Read to the end, which must be a farewell and not a cut.  This blocks.
    """
    parts = []
    while part := connection.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


class Deaf(Servant):
    """
    Does not read until it is asked to.
    """

    def connectionMade(self) -> None:
        """
        Do not read.
        """
        self.transport.pauseProducing()
