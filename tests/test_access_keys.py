"""
The keys for tokens.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.keys import loadSigningKey, loadVerifyingKey
from jobworker.errors import BadConfiguration
from tests.tokens import KEY, NOW, PUBLIC_PEM


def publicPEM(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    """
    Write the public half of a key.
    """
    return key.public_key().public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )


def privatePEM(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
    encryption: KeySerializationEncryption | None = None,
    form: PrivateFormat = PrivateFormat.PKCS8,
) -> bytes:
    """
    Write a private key.
    """
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption())


def certificatePEM(
    key: CertificateIssuerPrivateKeyTypes, begin: int = -60, end: int = 60
) -> bytes:
    """
    Make a self-signed certificate.

    @param begin: Seconds from L{NOW}.

    @param end: Seconds from L{NOW}.
    """
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tokens")])
    now = datetime.fromtimestamp(NOW, timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(seconds=begin))
        .not_valid_after(now + timedelta(seconds=end))
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


class VerifyingKeyTests(SynchronousTestCase):
    """
    The key that the service is started with.
    """

    def test_publicKey(self) -> None:
        """
        A public key may be given.
        """
        self.assertEqual(loadVerifyingKey(PUBLIC_PEM, NOW), KEY.public_key())

    def test_certificate(self) -> None:
        """
        A certificate may be given in place of the key.
        """
        self.assertEqual(loadVerifyingKey(certificatePEM(KEY), NOW), KEY.public_key())

    def test_refused(self) -> None:
        """
        What does not serve is refused with one line that says why.
        """
        p384 = ec.generate_private_key(ec.SECP384R1())
        k256 = ec.generate_private_key(ec.SECP256K1())
        big = rsa.generate_private_key(65537, 2048)
        sec1 = PrivateFormat.TraditionalOpenSSL
        both = certificatePEM(KEY) + privatePEM(KEY)
        locked = privatePEM(KEY, BestAvailableEncryption(b"secret"))
        rows = {
            "nothing": (b"", "not a public key"),
            "no PEM": (b"\x30\x59\x30\x13", "not a public key"),
            "broken": (PUBLIC_PEM[:60] + PUBLIC_PEM[70:], "not a public key"),
            "broken certificate": (
                certificatePEM(KEY)[:100] + b"\n-----END CERTIFICATE-----\n",
                "not a public key",
            ),
            "Ed25519": (publicPEM(ed25519.Ed25519PrivateKey.generate()), "P-256"),
            "P-384": (publicPEM(p384), "P-256"),
            "secp256k1": (publicPEM(k256), "P-256"),
            "RSA": (publicPEM(big), "P-256"),
            "certificate for P-384": (certificatePEM(p384), "P-256"),
            "certificate for RSA": (certificatePEM(big), "P-256"),
            "private key": (privatePEM(KEY), "private key"),
            "private key as in SEC 1": (privatePEM(KEY, form=sec1), "private key"),
            "private key with a password": (locked, "private key"),
            "private key beside the certificate": (both, "private key"),
            "expired": (certificatePEM(KEY, -60, -1), "expired on 2023-11-14"),
            "not valid yet": (certificatePEM(KEY, 1, 60), "not valid before 2023"),
        }
        for kind, (pem, word) in rows.items():
            try:
                said = f"accepted: {loadVerifyingKey(pem, NOW)}"
            except BadConfiguration as error:
                said = str(error)
            self.assertIn(word, said, kind)
            self.assertNotIn("\n", said, kind)


class SigningKeyTests(SynchronousTestCase):
    """
    The key that tokens are issued with.
    """

    def test_loaded(self) -> None:
        """
        A private key is loaded in either of its forms.
        """
        for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
            loaded = loadSigningKey(privatePEM(KEY, form=form))
            self.assertEqual(loaded.private_numbers(), KEY.private_numbers())

    def test_refused(self) -> None:
        """
        What does not serve is refused with one line that says why.
        """
        locked = privatePEM(KEY, BestAvailableEncryption(b"secret"))
        rows = {
            "nothing": (b"", "not a private key"),
            "public key": (PUBLIC_PEM, "not a private key"),
            "with a password": (locked, "encrypted"),
            "P-521": (privatePEM(ec.generate_private_key(ec.SECP521R1())), "P-256"),
            "RSA": (privatePEM(rsa.generate_private_key(65537, 2048)), "P-256"),
            "Ed25519": (privatePEM(ed25519.Ed25519PrivateKey.generate()), "P-256"),
        }
        for kind, (pem, word) in rows.items():
            try:
                said = f"accepted: {loadSigningKey(pem)}"
            except BadConfiguration as error:
                said = str(error)
            self.assertIn(word, said, kind)
            self.assertNotIn("\n", said, kind)
