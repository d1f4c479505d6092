"""
Certificate authorities, and the certificates that they issue.

Everything is made in memory here; nothing knows of files.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from enum import Enum
from ipaddress import ip_address
from typing import Final

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_ORGANISATION: Final = "jobworker"

#: How far the clock of a peer may be behind ours.
_SKEW: Final = timedelta(minutes=5)


class Purpose(Enum):
    """
    What a certificate is for.
    """

    SERVER = ExtendedKeyUsageOID.SERVER_AUTH
    CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH


@frozen
class Validity:
    """
    The time that a certificate is good for.
    """

    begin: datetime
    end: datetime


@frozen
class Credential:
    """
    A certificate and the private key that belongs to it.
    """

    certificate: x509.Certificate
    key: EllipticCurvePrivateKey

    def certificatePEM(self) -> bytes:
        """
        Write the certificate.
        """
        return self.certificate.public_bytes(Encoding.PEM)

    def keyPEM(self) -> bytes:
        """
        Write the private key, without a password.
        """
        return privatePEM(self.key)


def privatePEM(key: EllipticCurvePrivateKey) -> bytes:
    """
    Write a private key, without a password.
    """
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def publicPEM(key: EllipticCurvePublicKey) -> bytes:
    """
    Write a public key.
    """
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def makeKey() -> EllipticCurvePrivateKey:
    """
    Make a private key of the one kind that we make: ECDSA on P-256.
    """
    return generate_private_key(SECP256R1())


def validFor(days: int, now: datetime | None = None) -> Validity:
    """
    Begin now, or a little before, and end after some days.
    """
    now = now or datetime.now(timezone.utc)
    return Validity(now - _SKEW, now + timedelta(days=days))


def makeAuthority(name: str, validity: Validity) -> Credential:
    """
    Make a certificate authority that issues no further authorities.

    @param name: Its common name.
    """
    key = makeKey()
    subject = _subject(name)
    builder = (
        _begin(subject, subject, key.public_key(), key.public_key(), validity)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(authority=True), critical=True)
    )
    return Credential(builder.sign(key, SHA256()), key)


def issue(
    authority: Credential | None,
    name: str,
    alternatives: tuple[str, ...],
    purpose: Purpose,
    validity: Validity,
    *,
    isAuthority: bool = False,
) -> Credential:
    """
    Issue a certificate.

    @param authority: Who signs it; if C{None}, it is signed by itself.

    @param name: Its common name.

    @param alternatives: IP addresses, e-mail addresses and DNS names.

    @param isAuthority: Let the certificate claim that it may issue others.
        Nobody should accept such a one.
    """
    key = makeKey()
    subject = _subject(name)
    issuer = authority.certificate.subject if authority else subject
    signer = authority.key if authority else key
    builder = (
        _begin(subject, issuer, key.public_key(), signer.public_key(), validity)
        .add_extension(
            x509.BasicConstraints(ca=isAuthority, path_length=None), critical=True
        )
        .add_extension(_usage(authority=isAuthority, signs=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose.value]), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([*map(_general, alternatives)]),
            critical=False,
        )
    return Credential(builder.sign(signer, SHA256()), key)


def _begin(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePublicKey,
    signer: EllipticCurvePublicKey,
    validity: Validity,
) -> x509.CertificateBuilder:
    """
    Put together what every certificate says.
    """
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), critical=False
        )
    )


def _usage(authority: bool, signs: bool = False) -> x509.KeyUsage:
    """
    Say what the key is used for: TLS 1.3 needs nothing but signatures.
    """
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _general(name: str) -> x509.GeneralName:
    """
    Find out what kind of name this is.
    """
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.RFC822Name(name) if "@" in name else x509.DNSName(name)
