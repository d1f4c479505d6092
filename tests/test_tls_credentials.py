"""
What the daemon is started with, and every kind of mistake in it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import BadConfiguration
from jobworker.tls.contexts import makeServerTLS
from jobworker.tls.credentials import (
    ServerCredentials,
    isAuthority,
    loadServerCredentials,
)
from jobworker.tls.files import readFile
from jobworker.tls.issuing import validFor
from tests.certificates import path, pem


def keyPEM(
    key: CertificateIssuerPrivateKeyTypes,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    """
    Write a private key.
    """
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    )


def certificatePEM(key: CertificateIssuerPrivateKeyTypes) -> bytes:
    """
    Make a certificate that says next to nothing, signed by itself.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    validity = validFor(1)
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else SHA256()
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .sign(key, digest)
        .public_bytes(Encoding.PEM)
    )


class LoadingTests(SynchronousTestCase):
    """
    L{loadServerCredentials} takes what is good and says what is not.
    """

    def setUp(self) -> None:
        """
        Make a place for files.
        """
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.now = time.time()

    def write(self, content: bytes, mode: int = 0o600) -> str:
        """
        Write a file.
        """
        file = self.directory / f"{len(os.listdir(self.directory))}.pem"
        file.write_bytes(content)
        file.chmod(mode)
        return str(file)

    def load(
        self,
        certificate: str | None = None,
        key: str | None = None,
        authorities: tuple[str, ...] | None = None,
    ) -> ServerCredentials:
        """
        Load credentials that are good where nothing else is given.
        """
        return loadServerCredentials(
            certificate or path("server_cert.pem"),
            key or path("server_key.pem"),
            (path("client_ca.pem"),) if authorities is None else authorities,
            self.now,
        )

    def pair(self, key: CertificateIssuerPrivateKeyTypes) -> ServerCredentials:
        """
        Load credentials with another kind of key.
        """
        return self.load(self.write(certificatePEM(key)), self.write(keyPEM(key)))

    def test_good(self) -> None:
        """
        What C{certs init} makes is loaded.
        """
        credentials = self.load()
        self.assertEqual(
            credentials.chain,
            (x509.load_pem_x509_certificate(pem("server_cert.pem")),),
        )
        self.assertNotIn("key", repr(credentials))
        makeServerTLS(credentials)

    def test_chain(self) -> None:
        """
        Certificates may follow the first one, and all are kept in order.
        """
        both = self.write(pem("server_cert.pem") + pem("server_ca.pem"))
        credentials = self.load(both)
        self.assertEqual([*map(isAuthority, credentials.chain)], [False, True])
        makeServerTLS(credentials)

    def test_authorities(self) -> None:
        """
        Authorities come from several files, and from files with several, each
        one once.
        """
        names = ("client_ca.pem", "bad/other_client_ca.pem", "server_ca.pem")
        first, second, third = map(pem, names)
        credentials = self.load(
            authorities=(self.write(first + second), self.write(second + third))
        )
        self.assertEqual(
            [each.public_bytes(Encoding.PEM) for each in credentials.authorities],
            [first, second, third],
        )

    def test_kinds(self) -> None:
        """
        Every kind of key that is good enough serves.
        """
        for key in (
            rsa.generate_private_key(65537, 2048),
            ec.generate_private_key(ec.SECP384R1()),
            ed25519.Ed25519PrivateKey.generate(),
        ):
            makeServerTLS(self.pair(key))

    def test_weak(self) -> None:
        """
        A key that is not good enough is named, in certificates and alone.
        """
        rows: list[tuple[CertificateIssuerPrivateKeyTypes, str]] = [
            (rsa.generate_private_key(65537, 1024), "an RSA key of 1024 bits"),
            (ec.generate_private_key(ec.SECP521R1()), "the curve secp521r1"),
            (ec.generate_private_key(ec.SECP256K1()), "the curve secp256k1"),
            (dsa.generate_private_key(1024), "another kind"),
        ]
        for key, word in rows:
            self.assertSays(partial(self.pair, key), "certificate", word)
            private = self.write(keyPEM(key))
            self.assertSays(partial(self.load, key=private), private, word)
            trusted = (self.write(certificatePEM(key)),)
            self.assertSays(partial(self.load, authorities=trusted), trusted[0], word)

    def test_certificate(self) -> None:
        """
        Whatever is wrong with the server's certificate is said.
        """
        good = pem("server_cert.pem")
        rows = {
            str(self.directory / "nowhere"): "No such file",
            str(self.directory): "directory",
            "nul\0": "null byte",
            self.write(b""): "not a certificate in PEM",
            self.write(b"\x30\x82\x01\x0a"): "not a certificate in PEM",
            self.write(bytes(1 << 21)): "longer than",
            self.write(good[:200] + good[210:]): "is damaged",
            path("server_key.pem"): "are the two swapped?",
            path("bad/expired_server_cert.pem"): "has expired on 20",
            path("bad/notyet_server_cert.pem"): "is not valid before 20",
            path("alice_cert.pem"): "lacks serverAuth",
            path("bad/other_server_cert.pem"): "does not belong to",
        }
        for file, word in rows.items():
            self.assertSays(partial(self.load, file), file, word)

    def test_key(self) -> None:
        """
        Whatever is wrong with the private key is said.
        """
        good = pem("server_key.pem")
        key = load_pem_private_key(good, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        rows = {
            str(self.directory / "nowhere"): "No such file",
            self.write(b"key"): "not a private key in PEM",
            self.write(good[:50] + good[60:]): "is damaged",
            self.write(pem("server_cert.pem")): "are the two swapped?",
            self.write(keyPEM(key, BestAvailableEncryption(b"x"))): "is encrypted",
            path("alice_key.pem"): "does not belong to",
        }
        for mode in (0o640, 0o604, 0o660, 0o644):
            file = self.write(good, mode)
            rows[file] = f"chmod 600 {file}"
        for file, word in rows.items():
            self.assertSays(partial(self.load, key=file), file, word)

    def test_modes(self) -> None:
        """
        A key that only its owner can read serves, even if he cannot write it.
        """
        for mode in (0o600, 0o400):
            self.load(key=self.write(pem("server_key.pem"), mode))

    def test_authority(self) -> None:
        """
        Whatever is wrong with the file of an authority is said, wherever it
        stands.
        """
        good = path("client_ca.pem")
        selfSigned = certificatePEM(ed25519.Ed25519PrivateKey.generate())
        rows = {
            str(self.directory / "nowhere"): "No such file",
            self.write(b"ca"): "not a certificate in PEM",
            path("alice_cert.pem"): "which is not a CA certificate",
            self.write(pem("client_ca.pem") + pem("bob_cert.pem")): "CN=bob",
            self.write(selfSigned): "not a CA",
        }
        for file, word in rows.items():
            for files in ((file,), (good, file), (file, good)):
                self.assertSays(partial(self.load, authorities=files), file, word)
        self.assertSays(lambda: self.load(authorities=()), "no client CA", "")

    def test_expiredAuthority(self) -> None:
        """
        An authority whose time is over is said to be so.
        """
        file = path("client_ca.pem")
        server = self.write(certificatePEM(ec.generate_private_key(ec.SECP256R1())))
        self.now += 6 * 365 * 86400
        self.assertSays(lambda: self.load(server), server, "has expired")
        self.now -= 12 * 365 * 86400
        self.assertSays(lambda: self.load(authorities=(file,)), "server_cert", "before")

    def test_readFile(self) -> None:
        """
        Other files are read with the same words for what is wrong.
        """
        self.assertEqual(readFile(self.write(b"x", 0o644), "token key"), b"x")
        self.assertSays(
            lambda: readFile("nowhere", "token key"),
            "cannot read the token key 'nowhere'",
            "No such file",
        )

    def assertSays(self, load: Callable[[], object], *words: str) -> None:
        """
        Something is refused, in one line with these words in it.
        """
        error = self.assertRaises(BadConfiguration, load)
        for word in words:
            self.assertIn(word.replace("\0", "\\x00"), str(error))
        self.assertNotIn("\n", str(error))
