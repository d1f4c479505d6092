"""
What stands in certificates and keys, for whoever wants to know why they are
refused.  Nothing is trusted here, and nothing refused.
"""

from __future__ import annotations

from attrs import frozen
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from .credentials import isAuthority
from .names import namesOf


@frozen
class Description:
    """
    What a certificate says.

    @ivar names: Whom it is for.
    @ivar begin: When it comes into force: seconds since the epoch.
    @ivar end: When it expires.
    @ivar forClients: Whether a server may believe it of a client.
    """

    names: tuple[str, ...]
    begin: float
    end: float
    isAuthority: bool
    forClients: bool


def describe(pem: bytes) -> tuple[Description, ...]:
    """
    Read certificates, one at least.

    @raise ValueError: If one is damaged.
    """
    try:
        return tuple(map(_described, x509.load_pem_x509_certificates(pem)))
    except UnsupportedAlgorithm as error:
        raise ValueError(str(error)) from None


def belongs(key: bytes, certificate: bytes) -> bool:
    """
    Say whether a private key is that of a certificate.

    @raise ValueError: If one is damaged, or the key is encrypted.
    """
    try:
        private = load_pem_private_key(key, password=None)
        first = x509.load_pem_x509_certificates(certificate)[0]
        return private.public_key() == first.public_key()
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None


def _described(certificate: x509.Certificate) -> Description:
    """
    Read one certificate.
    """
    return Description(
        names=tuple(sorted(namesOf(certificate))),
        begin=certificate.not_valid_before_utc.timestamp(),
        end=certificate.not_valid_after_utc.timestamp(),
        isAuthority=isAuthority(certificate),
        forClients=_isForClients(certificate),
    )


def _isForClients(certificate: x509.Certificate) -> bool:
    """
    Say whether a certificate may be shown to servers.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return True
    fit = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return any(purpose in usage.value for purpose in fit)
