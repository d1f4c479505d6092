"""
The keys that tokens are signed and verified with: ECDSA on P-256, no other.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from ..errors import BadConfiguration

#: P-256, as cryptography calls it.
_CURVE: Final = SECP256R1.name

_OTHER_KIND: Final = (
    "the token key is not an elliptic curve key on P-256, which ES256 needs"
)


def loadVerifyingKey(pem: bytes, now: float) -> EllipticCurvePublicKey:
    """
    Load the key that verifies tokens from a public key or a certificate.

    @param now: Seconds since the epoch.

    @raise BadConfiguration: If it is none, or of another kind, or if the
        certificate is not valid now.
    """
    if b"PRIVATE KEY-----" in pem:
        raise BadConfiguration(
            "the token key is a private key, which has no place here: "
            "give the public key or the certificate that belongs to it"
        )
    key: object
    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            certificate = x509.load_pem_x509_certificate(pem)
            _requireValid(certificate, now)
            key = certificate.public_key()
        else:
            key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise BadConfiguration(
            "the token key is not a public key or certificate in PEM"
        ) from None
    if not isinstance(key, EllipticCurvePublicKey) or key.curve.name != _CURVE:
        raise BadConfiguration(_OTHER_KIND)
    return key


def loadSigningKey(pem: bytes) -> EllipticCurvePrivateKey:
    """
    Load the key that signs tokens.

    @raise BadConfiguration: If it is none, encrypted, or of another kind.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise BadConfiguration("the token key is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadConfiguration("the token key is not a private key in PEM") from None
    if not isinstance(key, EllipticCurvePrivateKey) or key.curve.name != _CURVE:
        raise BadConfiguration(_OTHER_KIND)
    return key


def _requireValid(certificate: x509.Certificate, now: float) -> None:
    """
    Refuse a certificate outside the time that it is made for.
    """
    moment = datetime.fromtimestamp(now, timezone.utc)
    if moment > certificate.not_valid_after_utc:
        raise BadConfiguration(
            "the certificate of the token key has expired on "
            f"{certificate.not_valid_after_utc:%Y-%m-%d}"
        )
    if moment < certificate.not_valid_before_utc:
        raise BadConfiguration(
            "the certificate of the token key is not valid before "
            f"{certificate.not_valid_before_utc:%Y-%m-%d}"
        )
