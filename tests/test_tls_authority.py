"""
The certificates and keys that an installation begins with.
"""

from __future__ import annotations

import os
import stat
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import BadConfiguration
from jobworker.tls.authority import AUTHORITY_DAYS, LEAF_DAYS, initialise

CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def load(path: Path) -> x509.Certificate:
    """
    Load a certificate.
    """
    return x509.load_pem_x509_certificate(path.read_bytes())


def alternatives(certificate: x509.Certificate) -> x509.SubjectAlternativeName:
    """
    Find the alternative names of a certificate.
    """
    return certificate.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value


class InitialiseTests(SynchronousTestCase):
    """
    L{initialise} makes everything at once.
    """

    def setUp(self) -> None:
        """
        Make everything.
        """
        self.directory = Path(self.mktemp())
        self.written = initialise(
            self.directory, ("alice", "carol@example.com"), True, ("jobs.example",)
        )
        self.certificates = {
            str(path.relative_to(self.directory)).removesuffix(".pem"): load(path)
            for path in self.directory.rglob("*.pem")
            if path.name.endswith(("_cert.pem", "_ca.pem"))
        }

    def test_files(self) -> None:
        """
        Exactly what is returned was written, keys for their owner alone.
        """
        found = [path for path in self.directory.rglob("*") if path.is_file()]
        self.assertEqual(sorted(map(str, found)), sorted(self.written))
        self.assertEqual(stat.S_IMODE(self.directory.stat().st_mode), 0o700)
        for path in found:
            secret = path.name.endswith("_key.pem")
            self.assertEqual(
                stat.S_IMODE(path.stat().st_mode), 0o600 if secret else 0o644, path
            )
            self.assertEqual(b"PRIVATE KEY" in path.read_bytes(), secret, path)

    def test_names(self) -> None:
        """
        The files have the names that others look for.
        """
        names = {path.name for path in self.directory.iterdir()}
        self.assertEqual(
            names,
            {"bad", "token_key.pem", "token_public.pem"}
            | {
                f"{stem}{kind}.pem"
                for stem in ("server_ca", "client_ca")
                for kind in ("", "_key")
            }
            | {
                f"{stem}{kind}.pem"
                for stem in ("server", "alice", "carol@example.com")
                for kind in ("_cert", "_key")
            },
        )

    def test_kind(self) -> None:
        """
        Everything is ECDSA on P-256 with SHA-256, and each key belongs to its
        certificate.
        """
        for name, certificate in self.certificates.items():
            public = certificate.public_key()
            assert isinstance(public, EllipticCurvePublicKey)
            self.assertIsInstance(public.curve, SECP256R1)
            self.assertIsInstance(certificate.signature_hash_algorithm, SHA256)
            stem = name.removesuffix("_cert")
            private = load_pem_private_key(
                (self.directory / f"{stem}_key.pem").read_bytes(), None
            )
            self.assertEqual(private.public_key(), public, name)

    def test_tokenKeys(self) -> None:
        """
        The token keys are a pair.
        """
        private = load_pem_private_key(
            (self.directory / "token_key.pem").read_bytes(), None
        )
        public = load_pem_public_key((self.directory / "token_public.pem").read_bytes())
        assert isinstance(private, EllipticCurvePrivateKey)
        self.assertIsInstance(private.curve, SECP256R1)
        self.assertEqual(private.public_key(), public)

    def test_purposes(self) -> None:
        """
        Each certificate is for one side, and no leaf is an authority.
        """
        for name, purpose in (("server", SERVER), ("alice", CLIENT)):
            extensions = self.certificates[f"{name}_cert"].extensions
            usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            self.assertEqual([*usage], [purpose])
            constraints = extensions.get_extension_for_class(x509.BasicConstraints)
            self.assertFalse(constraints.value.ca)
            self.assertTrue(constraints.critical)

    def test_server(self) -> None:
        """
        The server certificate is good for this host and for those named, as a
        strict verifier sees it.
        """
        names = alternatives(self.certificates["server_cert"])
        self.assertEqual(
            names.get_values_for_type(x509.DNSName), ["localhost", "jobs.example"]
        )
        self.assertEqual(
            names.get_values_for_type(x509.IPAddress),
            [ip_address("127.0.0.1"), ip_address("::1")],
        )
        store = Store([self.certificates["server_ca"]])
        for subject in (
            x509.DNSName("localhost"),
            x509.DNSName("jobs.example"),
            x509.IPAddress(ip_address("::1")),
        ):
            verifier = PolicyBuilder().store(store).build_server_verifier(subject)
            verifier.verify(self.certificates["server_cert"], [])

    def test_users(self) -> None:
        """
        A user's certificate names him, as a strict verifier sees it, and in
        both places.
        """
        store = Store([self.certificates["client_ca"]])
        for user, kind in (
            ("alice", x509.DNSName),
            ("carol@example.com", x509.RFC822Name),
        ):
            certificate = self.certificates[f"{user}_cert"]
            common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            self.assertEqual([name.value for name in common], [user])
            self.assertEqual(
                alternatives(certificate).get_values_for_type(kind), [user]
            )
            PolicyBuilder().store(store).build_client_verifier().verify(certificate, [])

    def test_validity(self) -> None:
        """
        Certificates are good from a little before now, for as long as it
        says, but for those that must not be.
        """
        now = datetime.now(timezone.utc)
        for name, certificate in self.certificates.items():
            begin = certificate.not_valid_before_utc
            end = certificate.not_valid_after_utc
            if "expired" in name:
                self.assertLess(end, now)
            elif "notyet" in name:
                self.assertGreater(begin, now)
            else:
                days = AUTHORITY_DAYS if name.endswith("_ca") else LEAF_DAYS
                self.assertTrue(now - timedelta(minutes=6) < begin < now)
                left = end - now
                self.assertTrue(timedelta(days=days - 1) < left <= timedelta(days=days))


class RefusedTests(SynchronousTestCase):
    """
    What L{initialise} does not do.
    """

    def test_nothingOverwritten(self) -> None:
        """
        If one file exists, it stays as it is and no other is written.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "bob_key.pem").write_text("precious")
        error = self.assertRaises(BadConfiguration, initialise, directory)
        self.assertIn("bob_key.pem exists already", str(error))
        self.assertEqual((directory / "bob_key.pem").read_text(), "precious")
        self.assertEqual(len([*directory.iterdir()]), 1)

    def test_dangling(self) -> None:
        """
        A symbolic link to nowhere is not followed.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "server_key.pem").symlink_to("elsewhere")
        self.assertRaises(BadConfiguration, initialise, directory)
        self.assertEqual(os.listdir(directory), ["server_key.pem"])

    def test_noDirectory(self) -> None:
        """
        What cannot be written is named, once, and why.
        """
        place = Path(self.mktemp())
        place.write_text("")
        error = self.assertRaises(BadConfiguration, initialise, place)
        self.assertTrue(str(error).startswith(f"cannot write {place}/"), str(error))
        self.assertTrue(str(error).endswith(": Not a directory"), str(error))
        self.assertEqual(str(error).count(str(place)), 1)

    def test_cleansUp(self) -> None:
        """
        If not all can be written, what was written is removed.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        (directory / "bad").write_text("")
        self.assertRaises(BadConfiguration, initialise, directory, bad=True)
        self.assertEqual(os.listdir(directory), ["bad"])

    def test_names(self) -> None:
        """
        Names which would not serve are refused before anything is written.
        """
        directory = Path(self.mktemp())
        for users in (
            ("",),
            ("../alice",),
            ("alice\nbob",),
            ("-alice",),
            ("a" * 64,),
            ("server",),
            ("client_ca",),
            ("token",),
            ("ålice",),
            ("alice", "alice"),
        ):
            error = self.assertRaises(BadConfiguration, initialise, directory, users)
            self.assertNotIn("\n", str(error))
        for host in ("", "a b", "a..b", "-a", "*", "über.example"):
            self.assertRaises(BadConfiguration, initialise, directory, hosts=(host,))
        self.assertFalse(directory.exists())
