"""
The server's side of TLS, without a network.
"""

from __future__ import annotations

# Trial takes a name "suppress" in a module for an option of its own.
import contextlib
import time

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import BadConfiguration
from jobworker.tls.contexts import ServerTLS, makeServerTLS
from jobworker.tls.credentials import ServerCredentials, loadServerCredentials
from jobworker.tls.issuing import validFor
from jobworker.tls.names import namesOf
from jobworker.tls.sessions import HandshakeFailed, Session, SessionBroken
from tests.certificates import path, pem


def credentials(authority: str = "client_ca.pem") -> ServerCredentials:
    """
    Load what a server has.
    """
    return loadServerCredentials(
        path("server_cert.pem"),
        path("server_key.pem"),
        [path(authority)],
        time.time(),
    )


def client(
    stem: str = "alice", protocol: bytes = b"h2", suites: bytes = b""
) -> SSL.Connection:
    """
    Make a client of pyOpenSSL that leaves input and output to the test.

    @param suites: What it offers, if not what OpenSSL offers by itself.
    """
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_alpn_protos([protocol])
    if suites:
        context.set_tls13_ciphersuites(suites)
    context.use_certificate_file(path(f"{stem}_cert.pem"))
    context.use_privatekey_file(path(f"{stem}_key.pem"))
    connection = SSL.Connection(context, None)
    connection.set_connect_state()
    return connection


def signingKey() -> EllipticCurvePrivateKey:
    """
    Load the key of the authority for clients.
    """
    key = load_pem_private_key(pem("client_ca_key.pem"), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    return key


def heard(connection: SSL.Connection) -> bytes:
    """
    Read all that a client was told.
    """
    parts = []
    try:
        while True:
            parts.append(connection.recv(1 << 14))
    except SSL.WantReadError:
        return b"".join(parts)


def said(connection: SSL.Connection) -> bytes:
    """
    Get what a client has for the network.
    """
    parts = []
    try:
        while True:
            parts.append(connection.bio_read(1 << 16))
    except SSL.WantReadError:
        return b"".join(parts)


def introduce(tls: ServerTLS, visitor: SSL.Connection, piece: int = 1 << 16) -> Session:
    """
    Complete a handshake.

    @param piece: How many bytes arrive at a time.
    """
    session = tls.begin()
    done = False
    while not done:
        with contextlib.suppress(SSL.WantReadError):
            visitor.do_handshake()
        data = said(visitor)
        for begin in range(0, len(data), piece):
            session.feed(data[begin : begin + piece])
            done = session.shake()
        visitor.bio_write(session.take())
    return session


class SessionTests(SynchronousTestCase):
    """
    L{Session} speaks TLS with a client.
    """

    def setUp(self) -> None:
        """
        Make a server.
        """
        self.tls = makeServerTLS(credentials())

    def test_handshake(self) -> None:
        """
        A handshake is complete when the certificate is there, whole or in
        single bytes.
        """
        for piece in (1 << 16, 1):
            session = introduce(self.tls, client(), piece)
            self.assertEqual(namesOf(session.certificate()), {"alice"})

    def test_suites(self) -> None:
        """
        Each of the three suites that are meant for everybody serves, and no
        other.
        """
        for suite in (
            b"TLS_AES_128_GCM_SHA256",
            b"TLS_AES_256_GCM_SHA384",
            b"TLS_CHACHA20_POLY1305_SHA256",
        ):
            visitor = client(suites=suite)
            introduce(self.tls, visitor)
            self.assertEqual(visitor.get_cipher_name(), suite.decode())
        other = client(suites=b"TLS_AES_128_CCM_SHA256")
        error = self.assertRaises(HandshakeFailed, introduce, self.tls, other)
        self.assertIn("no cipher suite", str(error))

    def test_weakClient(self) -> None:
        """
        A client whose key is too weak is refused, though an authority of ours
        has signed for it.
        """
        authority = x509.load_pem_x509_certificate(pem("client_ca.pem"))
        key = rsa.generate_private_key(65537, 1024)
        validity = validFor(1)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice")]))
            .issuer_name(authority.subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(validity.begin)
            .not_valid_after(validity.end)
            .sign(signingKey(), SHA256())
        )
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_cipher_list(b"ALL:@SECLEVEL=0")
        context.set_alpn_protos([b"h2"])
        context.use_certificate(certificate)
        context.use_privatekey(key)
        visitor = SSL.Connection(context, None)
        visitor.set_connect_state()
        error = self.assertRaises(HandshakeFailed, introduce, self.tls, visitor)
        self.assertIn("its key is too weak", str(error))

    def test_refused(self) -> None:
        """
        A handshake which fails has a cause, and there is an alert to send.
        """
        for visitor, word in (
            (client("bad/expired_client"), "has expired"),
            (client(protocol=b"spdy"), "ALPN h2"),
        ):
            error = self.assertRaises(HandshakeFailed, introduce, self.tls, visitor)
            self.assertIn(word, str(error))

    def test_alert(self) -> None:
        """
        A client that is refused is told so.
        """
        session = self.tls.begin()
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        visitor = SSL.Connection(context, None)
        visitor.set_connect_state()
        self.assertRaises(SSL.WantReadError, visitor.do_handshake)
        session.feed(said(visitor))
        self.assertRaises(HandshakeFailed, session.shake)
        # A record of alerts, with a fatal one.
        self.assertEqual(session.take()[:1], b"\x15")
        self.assertEqual(session.take(), b"")

    # Around the size of a record, and of what is read at a time.
    @given(
        st.lists(
            st.one_of(
                st.integers(0, 100),
                st.integers((1 << 14) - 2, (1 << 14) + 2),
                st.integers((1 << 16) - 2, (1 << 18) + 2),
            ),
            max_size=5,
        )
    )
    @settings(deadline=None, max_examples=30)
    def test_exact(self, sizes: list[int]) -> None:
        """
        Whatever its size, it arrives as it was, both ways.
        """
        visitor = client()
        session = introduce(self.tls, visitor)
        heard(visitor)
        for size in sizes:
            data = bytes(range(256)) * (size // 256 + 1)
            data = data[:size]
            encrypted = session.write(data)
            self.assertEqual(bool(encrypted), bool(data))
            if encrypted:
                visitor.bio_write(encrypted)
            self.assertEqual(session.take(), b"")
            self.assertEqual(heard(visitor), data)
            sent = 0
            while sent < size:
                sent += visitor.send(data[sent:])
            session.feed(said(visitor))
            self.assertEqual(session.read(), data)

    def test_farewell(self) -> None:
        """
        Each side says when it sends nothing more, and can still listen.
        """
        visitor = client()
        session = introduce(self.tls, visitor)
        heard(visitor)
        visitor.send(b"last words")
        visitor.shutdown()
        session.feed(said(visitor))
        self.assertFalse(session.finished)
        self.assertEqual(session.read(), b"last words")
        self.assertTrue(session.finished)
        visitor.bio_write(session.write(b"answer"))
        self.assertEqual(heard(visitor), b"answer")
        session.farewell()
        visitor.bio_write(session.take())
        self.assertRaises(SSL.ZeroReturnError, visitor.recv, 1)

    def test_broken(self) -> None:
        """
        What was changed on the way breaks the session, and nothing of it is
        believed; to say farewell then does no harm.
        """
        visitor = client()
        session = introduce(self.tls, visitor)
        visitor.send(b"pay 1")
        data = bytearray(said(visitor))
        data[-1] ^= 1
        session.feed(bytes(data))
        error = self.assertRaises(SessionBroken, session.read)
        self.assertIn("TLS error", str(error))
        self.assertRaises(SessionBroken, session.write, b"x")
        session.farewell()

    def test_brokenLeavesOthersAlone(self) -> None:
        """
        The errors of one session are not taken for those of another.
        """
        good = client()
        session = introduce(self.tls, good)
        heard(good)
        for visitor in (client("bad/other_client"), client(protocol=b"spdy")):
            self.assertRaises(HandshakeFailed, introduce, self.tls, visitor)
            self.assertEqual(session.read(), b"")
            good.bio_write(session.write(b"hello"))
            self.assertEqual(heard(good), b"hello")

    def test_exchange(self) -> None:
        """
        Other credentials hold for those who come from then on.
        """
        first = introduce(self.tls, client())
        self.tls.exchange(credentials("bad/other_client_ca.pem"))
        introduce(self.tls, client("bad/other_client"))
        self.assertRaises(HandshakeFailed, introduce, self.tls, client())
        self.assertEqual(first.read(), b"")

    def test_notTaken(self) -> None:
        """
        What OpenSSL does not take is a mistake in the configuration, and what
        was there before stays.
        """
        good = credentials()
        other = loadServerCredentials(
            path("bad/other_server_cert.pem"),
            path("bad/other_server_key.pem"),
            [path("client_ca.pem")],
            time.time(),
        )
        mixed = ServerCredentials(good.chain, other.key, good.authorities)
        error = self.assertRaises(BadConfiguration, self.tls.exchange, mixed)
        self.assertIn("OpenSSL does not take", str(error))
        self.assertNotIn("\n", str(error))
        introduce(self.tls, client())
