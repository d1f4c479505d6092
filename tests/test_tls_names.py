"""
What a certificate says about whom it was issued to.
"""

from __future__ import annotations

from hashlib import sha256
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from twisted.trial.unittest import SynchronousTestCase

from jobworker.tls.issuing import validFor
from jobworker.tls.names import fingerprintOf, namesOf

KEY = generate_private_key(SECP256R1())


def named(
    subject: list[tuple[x509.ObjectIdentifier, str]],
    *alternatives: x509.GeneralName,
    raw: bytes | None = None,
) -> x509.Certificate:
    """
    Make a certificate with names.

    @param raw: The alternative names as they are encoded, right or wrong.
    """
    name = x509.Name([x509.NameAttribute(kind, value) for kind, value in subject])
    validity = validFor(1)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
    )
    if alternatives:
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alternatives), critical=False
        )
    if raw is not None:
        builder = builder.add_extension(
            x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, raw),
            critical=False,
        )
    return builder.sign(KEY, SHA256())


class NamesTests(SynchronousTestCase):
    """
    L{namesOf} finds who a certificate is for.
    """

    def test_all(self) -> None:
        """
        Common names, e-mail addresses, DNS names and URIs count; addresses of
        hosts and other parts of the subject do not.
        """
        certificate = named(
            [
                (NameOID.ORGANIZATION_NAME, "everybody"),
                (NameOID.COMMON_NAME, "alice"),
                (NameOID.COMMON_NAME, "Alice Ä"),
            ],
            x509.RFC822Name("alice@example.com"),
            x509.DNSName("alice.example.com"),
            x509.UniformResourceIdentifier("spiffe://example.com/alice"),
            x509.IPAddress(ip_address("127.0.0.1")),
        )
        self.assertEqual(
            namesOf(certificate),
            {
                "alice",
                "Alice Ä",
                "alice@example.com",
                "alice.example.com",
                "spiffe://example.com/alice",
            },
        )

    def test_none(self) -> None:
        """
        A certificate may have no name at all.
        """
        self.assertEqual(namesOf(named([])), frozenset())

    def test_malformed(self) -> None:
        """
        Names that cannot be read are an error, not none.
        """
        self.assertRaises(ValueError, namesOf, named([], raw=b"\x30\x05\x82\x09ab"))

    def test_fingerprint(self) -> None:
        """
        The fingerprint is the digest of the whole certificate.
        """
        certificate = named([(NameOID.COMMON_NAME, "alice")])
        self.assertEqual(
            fingerprintOf(certificate),
            sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        )
