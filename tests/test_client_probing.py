"""
What is said when there is no connection.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Callable
from threading import Thread

from twisted.trial.unittest import SynchronousTestCase

from jobworker.client.addresses import Address
from jobworker.client.client import Client
from jobworker.client.credentials import Credentials
from jobworker.client.failures import BadCredentials, Failure, Unreachable, Unsupported

from .certificates import path, pem
from .wireserver import ID, TOKEN, WireServer, credentials


class ProbingTests(SynchronousTestCase):
    """
    Each way not to be connected is told from the others.
    """

    def failure(
        self, port: int, shown: Credentials, host: str = "127.0.0.1"
    ) -> Failure:
        """
        Call a server, and get what comes of it.
        """
        with Client(Address(host, port), shown, TOKEN) as client:
            failure = self.assertRaises(Failure, client.query, ID)
        assert isinstance(failure, Failure)
        return failure

    def serve(self, certificate: str = "server") -> int:
        """
        Start a server that knows no method.

        @return: Its port.
        """
        server = WireServer({}, certificate=certificate)
        self.addCleanup(server.stop)
        return int(server.port)

    def listen(
        self, act: Callable[[socket.socket], object], host: str = "127.0.0.1"
    ) -> int:
        """
        Accept connections and do something with each.

        @return: The port.
        """
        listening = socket.create_server((host, 0))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        act(connection)

        thread = Thread(target=accept, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 10)
        self.addCleanup(listening.close)
        self.addCleanup(listening.shutdown, socket.SHUT_RDWR)
        return int(listening.getsockname()[1])

    def secure(self) -> Callable[[socket.socket], object]:
        """
        Make what shakes hands as a server does that sends alerts.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path("server_cert.pem"), path("server_key.pem"))
        context.load_verify_locations(path("client_ca.pem"))
        context.verify_mode = ssl.CERT_REQUIRED
        context.set_alpn_protocols(["h2"])

        def act(raw: socket.socket) -> None:
            raw.settimeout(5)
            with context.wrap_socket(raw, server_side=True) as connection:
                connection.recv(1)

        return act

    def check(self, failure: Failure, kind: type[Failure], *words: str) -> None:
        """
        See what was found out.
        """
        self.assertIs(type(failure), kind, str(failure))
        self.assertTrue(failure.remedy)
        for word in words:
            self.assertIn(word, str(failure))

    def test_connected(self) -> None:
        """
        Where all is well, it is the server that refuses.
        """
        self.check(self.failure(self.serve(), credentials()), Unsupported)

    def test_ourFiles(self) -> None:
        """
        Files of ours that cannot be used are found out without a server.
        """
        for shown, word in (
            (credentials("alice", "bob"), "key does not belong"),
            (
                Credentials(pem("alice_cert.pem"), b"x", pem("server_ca.pem")),
                "cannot be used",
            ),
            (
                Credentials(pem("alice_cert.pem"), pem("alice_key.pem"), b"x"),
                "cannot be used",
            ),
        ):
            self.check(self.failure(1, shown), BadCredentials, word)

    def test_theirCertificate(self) -> None:
        """
        It is said what is wrong with a server's certificate.
        """
        rows = {
            "other": ("CA", "--ca"),
            "selfsigned": ("signed by itself", "--ca"),
            "expired": ("has expired", "clock"),
            "notyet": ("not valid yet", "clock"),
            "purpose": ("purpose", "operator"),
        }
        for kind, words in rows.items():
            port = self.serve(f"bad/{kind}_server")
            self.check(self.failure(port, credentials()), BadCredentials, *words)
        other = credentials(authority="bad/other_server_ca.pem")
        self.check(self.failure(self.serve(), other), BadCredentials, "--ca")

    def test_theirName(self) -> None:
        """
        A certificate that is made for another name is told from one that is
        not trusted.
        """
        port = self.listen(self.secure(), "127.0.0.2")
        failure = self.failure(port, credentials(), "127.0.0.2")
        self.check(failure, BadCredentials, "not made for 127.0.0.2")

    def test_refused(self) -> None:
        """
        A server that closes without a word is suspected of not liking our
        certificate.
        """
        shown = credentials("bad/other_client")
        self.check(self.failure(self.serve(), shown), Unreachable, "our certificate")

    def test_alerts(self) -> None:
        """
        What a server says of our certificate is repeated.
        """
        rows = {"other": "unknown to it", "selfsigned": "unknown to it"}
        rows |= {"expired": "expired", "purpose": "purpose", "notyet": "now"}
        port = self.listen(self.secure())
        for kind, word in rows.items():
            shown = credentials(f"bad/{kind}_client")
            self.check(self.failure(port, shown), BadCredentials, word)

    def test_nobody(self) -> None:
        """
        A port where nobody listens, and a host that nobody knows.
        """
        self.check(self.failure(1, credentials()), Unreachable, "nothing listens")
        failure = self.failure(1, credentials(), "no.such.invalid")
        self.check(failure, Unreachable, "not known", "no.such.invalid")

    def test_others(self) -> None:
        """
        Servers of another kind are told from job workers.
        """
        port = self.listen(lambda each: each.sendall(b"HTTP/1.1 400 No\r\n\r\n"))
        self.check(self.failure(port, credentials()), Unreachable, "not speak TLS")
        port = self.listen(lambda each: None)
        self.check(self.failure(port, credentials()), Unreachable, "without a word")

    def test_secret(self) -> None:
        """
        Nothing that is secret is shown.
        """
        shown = repr(credentials()) + repr(Client(Address("a"), credentials(), TOKEN))
        self.assertNotIn("PRIVATE", shown)
        self.assertNotIn(TOKEN, shown)


class AddressTests(SynchronousTestCase):
    """
    How addresses are written.
    """

    def test_forms(self) -> None:
        """
        A port may be left out, and IPv6 may be in brackets.
        """
        rows = {
            "host": ("host", 7777, "host:7777"),
            "host:1": ("host", 1, "host:1"),
            "127.0.0.1:65535": ("127.0.0.1", 65535, "127.0.0.1:65535"),
            "::1": ("::1", 7777, "[::1]:7777"),
            "[::1]": ("::1", 7777, "[::1]:7777"),
            "[fe80::1]:80": ("fe80::1", 80, "[fe80::1]:80"),
        }
        for text, (host, port, written) in rows.items():
            address = Address.parse(text)
            self.assertEqual(address, Address(host, port))
            self.assertEqual(str(address), written)

    def test_local(self) -> None:
        """
        It is known which addresses are surely this machine's.
        """
        for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1"):
            self.assertTrue(Address(host).isLocal())
        for host in ("10.0.0.1", "example.com", "localhost.example.com"):
            self.assertFalse(Address(host).isLocal())
