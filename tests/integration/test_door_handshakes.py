"""
Who gets in at the door, and who does not: real TLS clients, of every kind.
"""

from __future__ import annotations

# Trial takes a name "suppress" in a module for an option of its own.
import contextlib
import os
import socket
import ssl
from collections.abc import Callable
from functools import partial

from OpenSSL import SSL

from twisted.internet.defer import gatherResults
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.logger import LogLevel
from twisted.trial.unittest import TestCase

from jobworker.door.limits import Limits
from tests.certificates import path
from tests.doors import PATIENCE, clientContext, connect, openDoor
from tests.hosts import until

#: Comes to a port, and returns what it got there, with the address that it
#: came from.
Client = Callable[[int], tuple[bytes, str]]


def addressOf(connection: socket.socket) -> str:
    """
    Write where a connection comes from.
    """
    host, port = connection.getsockname()
    return f"{host}:{port}"


def presenting(context: Callable[[], ssl.SSLContext], port: int) -> tuple[bytes, str]:
    """
    Come with a context of the standard library, and say something.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        address = addressOf(raw)
        got = b""
        # Which of them it is depends on how far both sides were.
        with (
            contextlib.suppress(ssl.SSLError, ConnectionError),
            context().wrap_socket(raw, server_hostname="localhost") as wrapped,
        ):
            wrapped.sendall(b"hello")
            got = wrapped.recv(100)
        return got, address


def withAuthority() -> ssl.SSLContext:
    """
    Come with the certificate of the authority itself.
    """
    context = clientContext(None)
    context.load_cert_chain(path("client_ca.pem"), path("client_ca_key.pem"))
    return context


def ofVersion(version: int, port: int) -> tuple[bytes, str]:
    """
    Come with pyOpenSSL, and no later version of TLS than this.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_VERSION)
    context.set_max_proto_version(version)
    context.set_cipher_list(b"ALL:@SECLEVEL=0")
    context.set_alpn_protos([b"h2"])
    context.use_certificate_file(path("alice_cert.pem"))
    context.use_privatekey_file(path("alice_key.pem"))
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        address = addressOf(raw)
        raw.settimeout(None)
        connection = SSL.Connection(context, raw)
        connection.set_connect_state()
        with contextlib.suppress(SSL.Error):
            connection.do_handshake()
            connection.send(b"hello")
            return connection.recv(100), address
        return b"", address


def saying(data: bytes, port: int, stay: bool = True) -> tuple[bytes, str]:
    """
    Come without TLS.

    @param stay: Whether to wait for an end that the other side makes.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        with contextlib.suppress(ConnectionError):
            raw.sendall(data)
            while stay and raw.recv(4096):
                pass
        return b"", addressOf(raw)


#: The beginning of something that could become a handshake.
HALF = b"\x16\x03\x01\x02\x00\x01"


def bad(kind: str) -> Client:
    """
    Come with a certificate of the bad set.
    """
    return partial(presenting, partial(clientContext, f"bad/{kind}_client"))


#: Every kind of visitor that is refused, with a word of the cause.
REFUSED: dict[str, tuple[Client, str]] = {
    "no certificate": (
        partial(presenting, partial(clientContext, None)),
        "no client certificate",
    ),
    "other CA": (bad("other"), "not ours"),
    "self-signed": (bad("selfsigned"), "it is self-signed"),
    "expired": (bad("expired"), "it has expired"),
    "not valid yet": (bad("notyet"), "it is not valid yet"),
    "made for servers, by the CA of clients": (bad("purpose"), "not made for clients"),
    "the server's": (partial(presenting, partial(clientContext, "server")), "not ours"),
    "claims to be a CA": (bad("authority"), "it is one of an authority"),
    "the CA itself": (partial(presenting, withAuthority), "the client certificate"),
    "TLS 1.2": (partial(ofVersion, SSL.TLS1_2_VERSION), "does not speak TLS 1.3"),
    "TLS 1.1": (partial(ofVersion, SSL.TLS1_1_VERSION), "does not speak TLS 1.3"),
    "TLS 1.0": (partial(ofVersion, SSL.TLS1_VERSION), "does not speak TLS 1.3"),
    "HTTP/1.1 by ALPN": (
        partial(presenting, partial(clientContext, "alice", "http/1.1")),
        "ALPN h2",
    ),
    "plaintext HTTP": (partial(saying, b"GET / HTTP/1.1\r\n\r\n"), "plaintext HTTP"),
    "plaintext HTTP/2": (
        partial(saying, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        "not TLS",
    ),
    "garbage": (partial(saying, bytes(range(200, 255)) * 100), "not TLS"),
    "zeros": (partial(saying, bytes(5000)), "not TLS"),
    "comes and goes": (partial(saying, b"", stay=False), "closed the connection"),
}


def withoutProtocols() -> ssl.SSLContext:
    """
    Offer nothing by ALPN.
    """
    context = ssl.create_default_context(cafile=path("server_ca.pem"))
    context.load_cert_chain(path("alice_cert.pem"), path("alice_key.pem"))
    return context


REFUSED["no ALPN"] = (partial(presenting, withoutProtocols), "ALPN h2")


class RefusedTests(TestCase):
    """
    Those who are refused.
    """

    timeout = 30

    async def begin(self) -> None:
        """
        Let somebody in who is to suffer from nobody, at a door for which no
        time passes but what the test lets pass.
        """
        self.clock = Clock()
        self.scene = openDoor(self, clock=self.clock)
        self.good = await deferToThread(connect, self.scene.port, clientContext())
        self.addCleanup(self.good.close)
        self.refused = 0

    async def stillThere(self) -> None:
        """
        See that he is served, once the door has seen to all who came before.
        """
        await deferToThread(self.good.sendall, b"still there?")
        self.assertEqual(await deferToThread(self.good.recv, 100), b"still there?")

    async def assertRefused(self, kind: str, address: str, word: str) -> None:
        """
        Check that one more visitor was refused, and nobody else suffered.
        """
        await self.stillThere()
        events = self.scene.refusals()
        self.refused += 1
        self.assertEqual(len(events), self.refused, kind)
        event = events[-1]
        self.assertEqual(event["address"], address, kind)
        self.assertIn(word, event["cause"], kind)
        self.assertIs(event["log_level"], LogLevel.info, kind)

    async def test_table(self) -> None:
        """
        Each of them gets nothing, not even a connection to the server, and is
        logged exactly once with its address and the cause, and without a
        traceback; and nobody else suffers.
        """
        await self.begin()
        scene = self.scene
        for kind, (client, word) in REFUSED.items():
            got, address = await deferToThread(client, scene.port)
            self.assertEqual(got, b"", kind)
            await self.assertRefused(kind, address, word)
        self.assertEqual(len(scene.server.servants), 1)
        self.assertEqual(scene.door.house.connections, 1)
        self.assertEqual(self.flushLoggedErrors(), [])
        self.assertEqual(
            [event for event in scene.observer if event["log_level"] > LogLevel.info],
            [],
        )

    async def test_late(self) -> None:
        """
        So is who is not done when its time is over, and not before: who says
        nothing, and who stops in the middle of a record.
        """
        await self.begin()
        for kind, said in (("silence", b""), ("half a record", HALF)):
            raw = socket.create_connection(("127.0.0.1", self.scene.port), PATIENCE)
            self.addCleanup(raw.close)
            raw.sendall(said)
            await self.stillThere()
            self.assertEqual(self.scene.door.house.handshakes, 1, kind)
            self.assertEqual(len(self.scene.refusals()), self.refused, kind)
            self.clock.advance(Limits().handshakeSeconds)
            await self.assertRefused(kind, addressOf(raw), "took longer")
            self.assertEqual(await deferToThread(raw.recv, 100), b"", kind)
        self.assertEqual(len(self.scene.server.servants), 1)

    async def test_notResumed(self) -> None:
        """
        No session can be resumed: each connection is verified anew.
        """
        scene = openDoor(self)
        context = clientContext()
        first = await deferToThread(connect, scene.port, context)
        await deferToThread(first.sendall, b"x")
        await deferToThread(first.recv, 1)
        session = first.session
        self.assertIsNotNone(session)
        first.close()

        def again() -> tuple[bool | None, bytes]:
            with (
                socket.create_connection(("127.0.0.1", scene.port), PATIENCE) as raw,
                context.wrap_socket(
                    raw, server_hostname="localhost", session=session
                ) as wrapped,
            ):
                wrapped.sendall(b"y")
                return wrapped.session_reused, wrapped.recv(1)

        self.assertEqual(await deferToThread(again), (False, b"y"))

    async def test_noServer(self) -> None:
        """
        When there is no server behind the door, that is said, as our fault.
        """
        scene = openDoor(self, serving=False)
        client = partial(presenting, clientContext)
        got, address = await deferToThread(client, scene.port)
        self.assertEqual(got, b"")
        (event,) = scene.refusals()
        self.assertEqual(event["address"], address)
        self.assertIn("cannot be reached: No such file", event["cause"])
        self.assertIs(event["log_level"], LogLevel.warn)
        self.assertEqual(scene.door.house.connections, 0)


class CrowdedTests(TestCase):
    """
    Many who come at once.
    """

    timeout = 30

    async def test_hundred(self) -> None:
        """
        A hundred who say nothing, and a hundred who talk garbage, leave
        everything as it is for the others, even when that is more than may be
        in handshake.
        """
        scene = openDoor(self, limits=Limits(handshakes=50))
        garbage = os.urandom(3000)
        crowd = []
        for number in range(200):
            raw = socket.create_connection(("127.0.0.1", scene.port))
            self.addCleanup(raw.close)
            crowd.append(raw)
            if number % 2:
                raw.sendall(garbage)
        connected = await gatherResults(
            [deferToThread(connect, scene.port, clientContext()) for _ in range(5)]
        )
        for client in connected:
            self.addCleanup(client.close)
            await deferToThread(client.sendall, b"hello")
            self.assertEqual(await deferToThread(client.recv, 100), b"hello")
        self.assertLessEqual(scene.door.house.handshakes, 50)
        self.assertEqual(self.flushLoggedErrors(), [])

    async def test_full(self) -> None:
        """
        Who comes when there are as many as may be is turned away, and gets in
        when another one has left.
        """
        scene = openDoor(self, limits=Limits(connections=1))
        visited = scene.server.whenVisited()
        first = await deferToThread(connect, scene.port, clientContext())
        servant = await visited
        _, address = await deferToThread(saying, b"", scene.port)
        (event,) = scene.refusals()
        self.assertEqual(event["address"], address)
        self.assertIn("1 connections already", event["cause"])
        first.close()
        await servant.ended.wait()
        # The server may see the end of a connection before the door has.
        await until(lambda: scene.door.house.connections == 0)
        second = await deferToThread(connect, scene.port, clientContext("bob"))
        self.addCleanup(second.close)
        await deferToThread(second.sendall, b"hello")
        self.assertEqual(await deferToThread(second.recv, 100), b"hello")
