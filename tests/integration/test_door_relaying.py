"""
What passes through the door, and how connections end.
"""

from __future__ import annotations

# Trial takes a name "suppress" in a module for an option of its own.
import contextlib
import os
import resource
import select
import socket
import ssl
from functools import partial

from zope.interface import implementer

from OpenSSL import SSL

from twisted.internet.defer import gatherResults
from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.door.limits import Limits
from tests.certificates import path
from tests.doors import (
    PATIENCE,
    Deaf,
    Scene,
    Servant,
    clientContext,
    connect,
    meet,
    openDoor,
    readAll,
)
from tests.hosts import until

#: More than all buffers on the way hold.
MUCH = 32 << 20


def converse(client: ssl.SSLSocket, data: bytes) -> bytes:
    """
    Send in large pieces and in small ones, and read as much at the same time.
    This blocks.
    """
    sizes = [1, 2, 3, 16383, 16384, 16385, 65536, 1 << 20]
    client.setblocking(False)
    answer = bytearray()
    sent = 0
    while len(answer) < len(data):
        # What was not taken has to be offered again as it was.
        piece = data[sent : sent + sizes[sent % len(sizes)]]
        with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent += client.send(piece) if piece else 0
        try:
            answer += client.recv(70_000)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            select.select([client], [client] if piece else [], [], PATIENCE)
    return bytes(answer)


class Flood(Servant):
    """
    Says very much, no faster than it is taken, and closes.
    """

    left = MUCH

    def connectionMade(self) -> None:
        """
        Begin.
        """
        self.transport.registerProducer(self, False)

    def resumeProducing(self) -> None:
        """
        Say some more.
        """
        self.left -= 1 << 16
        self.transport.write(bytes(1 << 16))
        if not self.left:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def stopProducing(self) -> None:
        """
        Nobody listens any more.
        """


class Greeting(Servant):
    """
    Says one thing and closes at once.
    """

    def connectionMade(self) -> None:
        """
        Say it.
        """
        self.transport.write(b"goodbye" * 100_000)
        self.transport.loseConnection()


@implementer(IHalfCloseableProtocol)
class Late(Servant):
    """
    Answers only when the question is complete, and closes.
    """

    def readConnectionLost(self) -> None:
        """
        Answer.
        """
        self.transport.write(bytes(self.received).upper())
        self.transport.loseConnection()

    def writeConnectionLost(self) -> None:
        """
        That was expected.
        """


def dial(port: int) -> socket.socket:
    """
    Connect without TLS.  This blocks.
    """
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def shake(raw: socket.socket) -> SSL.Connection:
    """
    Complete a handshake with pyOpenSSL, which leaves input and output to the
    test.  This blocks.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_alpn_protos([b"h2"])
    context.use_certificate_file(path("alice_cert.pem"))
    context.use_privatekey_file(path("alice_key.pem"))
    session = SSL.Connection(context, None)
    session.set_connect_state()
    while True:
        try:
            session.do_handshake()
        except SSL.WantReadError:
            raw.sendall(session.bio_read(1 << 16))
            session.bio_write(raw.recv(1 << 16))
        else:
            raw.sendall(session.bio_read(1 << 16))
            return session


def ask(port: int, polite: bool) -> bytes:
    """
    Say something, close one half, and read the answer to its farewell.

    @param polite: Whether to say farewell before.
    """
    answer = b""
    with dial(port) as raw:
        session = shake(raw)
        session.send(b"question")
        if polite:
            session.shutdown()
        raw.sendall(session.bio_read(4096))
        if not polite:
            raw.shutdown(socket.SHUT_WR)
        while True:
            try:
                answer += session.recv(4096)
            except SSL.WantReadError:
                session.bio_write(raw.recv(4096))
            except SSL.ZeroReturnError:
                return answer


class RelayTests(TestCase):
    """
    A relay passes everything on, and nothing else.
    """

    timeout = 30

    async def test_exact(self) -> None:
        """
        Bytes arrive as they were sent, both ways at once, in large pieces and
        in small ones.
        """
        scene = openDoor(self)
        client, _ = await meet(self, scene)
        data = os.urandom(1 << 20) * 8
        answer = await deferToThread(converse, client, data)
        # A difference would be megabytes long.
        self.assertTrue(answer == data)

    async def test_identity(self) -> None:
        """
        The server sees a name which the book knows as long as the connection
        lasts: whose it is, and where it comes from.
        """
        scene = openDoor(self)
        client, servant = await meet(self, scene, "bob")
        (name,) = scene.server.names
        peer = scene.book.find(name)
        assert peer is not None
        self.assertEqual(peer.names, {"bob"})
        host, port = client.getsockname()
        self.assertEqual(peer.address, f"{host}:{port}")
        self.assertEqual(len(peer.fingerprint), 64)
        client.close()
        await servant.ended.wait()
        # The server may see the end of a connection before the door has.
        await until(lambda: scene.book.find(name) is None)

    async def test_many(self) -> None:
        """
        Many connections at once are kept apart.
        """
        scene = openDoor(self)
        context = clientContext()

        def talk(number: int) -> bool:
            with connect(scene.port, context) as client:
                said = b"%d," % number * 5000
                client.sendall(said)
                heard = b""
                while len(heard) < len(said):
                    heard += client.recv(1 << 16)
                return heard == said

        calls = [deferToThread(partial(talk, number)) for number in range(60)]
        self.assertEqual(await gatherResults(calls), [True] * 60)
        self.assertEqual(len(set(scene.server.names)), 60)
        self.assertEqual(scene.door.house.admitted, 60)

    async def test_slowReader(self) -> None:
        """
        The server is read no faster than the visitor reads; at the end, the
        visitor has everything, and a farewell.
        """
        scene = openDoor(self, Flood)
        client, servant = await meet(self, scene)
        assert isinstance(servant, Flood)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        left = -1
        # It has stopped when it says nothing more while others are served.
        while left != servant.left:
            left = servant.left
            other, _ = await meet(self, scene)
            other.close()
        self.assertGreater(left, 0)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        self.assertLess(grown, MUCH // 2 // 1024)
        self.assertEqual(len(await deferToThread(readAll, client)), MUCH)

    async def test_slowServer(self) -> None:
        """
        The visitor is read no faster than the server reads, and what it said
        before it left is delivered.
        """
        scene = openDoor(self, Deaf)
        client, servant = await meet(self, scene)
        data = os.urandom(1 << 20)

        def fill() -> int:
            sent = 0
            client.settimeout(0.3)
            try:
                while sent < MUCH:
                    sent += client.send(data[: 1 << 14])
            except TimeoutError:
                pass
            return sent

        sent = await deferToThread(fill)
        self.assertLess(sent, MUCH)
        client.settimeout(10)
        client.shutdown(socket.SHUT_WR)
        servant.transport.resumeProducing()
        await servant.ended.wait()
        self.assertGreaterEqual(len(servant.received), sent)

    async def test_lastWords(self) -> None:
        """
        What the server says just before it closes reaches the visitor, with a
        farewell.
        """
        scene = openDoor(self, Greeting)
        client, _ = await meet(self, scene)
        self.assertEqual(await deferToThread(readAll, client), b"goodbye" * 100_000)

    async def test_halfClosed(self) -> None:
        """
        A visitor that has said farewell, or has closed its half of the
        connection without one, still gets the answer.
        """
        scene = openDoor(self, Late)
        for polite in (True, False):
            visited = scene.server.whenVisited()
            answer = deferToThread(ask, scene.port, polite)
            servant = await visited
            self.assertEqual(await answer, b"QUESTION")
            await servant.ended.wait()

    async def test_afterFarewell(self) -> None:
        """
        What a visitor says after its farewell is dropped.
        """
        scene = openDoor(self, Late)
        visited = scene.server.whenVisited()

        def visit() -> None:
            with dial(scene.port) as raw:
                session = shake(raw)
                session.send(b"question")
                session.shutdown()
                with contextlib.suppress(ConnectionError):
                    raw.sendall(session.bio_read(4096))
                    for _ in range(100):
                        raw.sendall(bytes(1 << 16))

        await deferToThread(visit)
        servant = await visited
        await servant.ended.wait()
        self.assertEqual(servant.received, b"question")
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_broken(self) -> None:
        """
        When what arrives was changed on the way, the connection is cut.
        """
        scene = openDoor(self)
        visited = scene.server.whenVisited()

        def visit() -> None:
            with dial(scene.port) as raw:
                session = shake(raw)
                session.send(b"question")
                changed = bytearray(session.bio_read(4096))
                changed[-1] ^= 1
                raw.sendall(changed)
                while raw.recv(4096):
                    pass

        await self.assertFailure(deferToThread(visit), ConnectionResetError)
        servant = await visited
        await servant.ended.wait()
        self.assertEqual(servant.received, b"")
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_visitorCut(self) -> None:
        """
        A visitor whose connection breaks leaves nothing behind.
        """
        scene = openDoor(self)
        client, servant = await meet(self, scene)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        os.close(client.detach())
        await servant.ended.wait()
        await until(lambda: scene.door.house.connections == 0)
        self.assertEqual(scene.refusals(), [])

    async def test_deafVisitor(self) -> None:
        """
        A visitor that does not take the last words of the server is cut off.
        """
        clock = Clock()
        scene = openDoor(self, Greeting, clock=clock)
        visited = scene.server.whenVisited()
        raw = socket.socket()
        self.addCleanup(raw.close)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        await deferToThread(raw.connect, ("127.0.0.1", scene.port))
        client = await deferToThread(
            partial(clientContext().wrap_socket, raw, server_hostname="localhost")
        )
        self.addCleanup(client.close)
        servant = await visited
        await servant.ended.wait()
        # The server may have closed before the door has seen it.
        await until(clock.getDelayedCalls)
        self.assertEqual(scene.door.house.connections, 1)
        clock.advance(Limits().lingerSeconds)
        await until(lambda: scene.door.house.connections == 0)


class BusyTests(TestCase):
    """
    A server that is slow to accept connections.
    """

    timeout = 30

    def occupy(self, scene: Scene) -> tuple[socket.socket, socket.socket]:
        """
        Put a server behind a door which has as many connections waiting as it
        bears.

        @return: The server, and the connection that waits.
        """
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        server.bind(scene.socketPath)
        server.listen(0)
        server.settimeout(PATIENCE)
        waiting = socket.socket(socket.AF_UNIX)
        self.addCleanup(waiting.close)
        waiting.connect(scene.socketPath)
        return server, waiting

    async def test_waits(self) -> None:
        """
        A visitor waits, and what it says meanwhile is not lost.
        """
        scene = openDoor(self, serving=False)
        server, _ = self.occupy(scene)
        client = await deferToThread(connect, scene.port, clientContext())
        self.addCleanup(client.close)
        await deferToThread(client.sendall, b"hello")

        def serve() -> bytes:
            server.accept()[0].close()
            with server.accept()[0] as accepted:
                accepted.settimeout(PATIENCE)
                return accepted.recv(100)

        self.assertEqual(await deferToThread(serve), b"hello")
        self.assertEqual(scene.refusals(), [])

    async def test_tooBusy(self) -> None:
        """
        A visitor that waits for too long is turned away, which is our fault.
        """
        clock = Clock()
        scene = openDoor(self, serving=False, clock=clock)
        self.occupy(scene)
        client = await deferToThread(connect, scene.port, clientContext())
        self.addCleanup(client.close)
        # One of them ends its time, the other one tries again.
        await until(lambda: len(clock.getDelayedCalls()) == 2)
        clock.advance(Limits().handshakeSeconds)
        with contextlib.suppress(ConnectionError):
            self.assertEqual(await deferToThread(client.recv, 100), b"")
        (event,) = scene.refusals()
        self.assertIn("was too busy for 10 s", event["cause"])

    async def test_visitorGoes(self) -> None:
        """
        A visitor that goes while it waits leaves nothing behind.
        """
        scene = openDoor(self, serving=False)
        self.occupy(scene)
        client = await deferToThread(connect, scene.port, clientContext())
        client.close()
        await scene.door.close()
        self.assertEqual(scene.door.house.connections, 0)
