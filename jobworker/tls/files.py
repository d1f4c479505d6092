"""
Reading certificates and private keys from files, with words for what is wrong.
"""

from __future__ import annotations

import os
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPublicKey,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ..errors import BadConfiguration

PrivateKey: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey

#: The most that is read of a file, in bytes.
_LIMIT: Final = 1 << 20

#: The fewest bits of an RSA key.
_RSA_BITS: Final = 2048

_CURVES: Final = {SECP256R1.name, SECP384R1.name}


def readFile(path: str, role: str, *, secret: bool = False) -> bytes:
    """
    Read a small file.

    @param role: What it is, for messages: C{"server certificate"}.

    @param secret: Whether nobody but its owner may have access to it.

    @raise BadConfiguration: If it cannot be read, is longer than a megabyte,
        or others have access to what is secret.
    """
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadConfiguration(f"cannot read the {role} {path!r}: {reason}") from None
    if secret and mode & 0o077:
        raise BadConfiguration(
            f"the {role} {path!r} is readable by group or others "
            f"(mode {mode & 0o777:04o}): chmod 600 {path}"
        )
    if len(content) > _LIMIT:
        raise BadConfiguration(f"the {role} {path!r} is longer than {_LIMIT} bytes")
    return content


def readCertificates(path: str, role: str) -> tuple[x509.Certificate, ...]:
    """
    Read one certificate or more.

    @raise BadConfiguration: If there is none, or it is damaged, or its key is
        too weak.
    """
    pem = readFile(path, role)
    if b"-----BEGIN CERTIFICATE-----" not in pem:
        what = (
            "holds a private key, not a certificate: are the two swapped?"
            if b"PRIVATE KEY-----" in pem
            else "is not a certificate in PEM"
        )
        raise BadConfiguration(f"the {role} {path!r} {what}")
    try:
        certificates = tuple(x509.load_pem_x509_certificates(pem))
        weaknesses = [_weakness(each.public_key()) for each in certificates]
    except (ValueError, UnsupportedAlgorithm):
        raise BadConfiguration(f"the {role} {path!r} is damaged") from None
    for weakness in filter(None, weaknesses):
        raise BadConfiguration(f"the {role} {path!r} has {weakness}")
    return certificates


def readPrivateKey(path: str, role: str) -> PrivateKey:
    """
    Read a private key.

    @raise BadConfiguration: If there is none, or others can read it, or it is
        encrypted, damaged or too weak.
    """
    pem = readFile(path, role, secret=True)
    if b"PRIVATE KEY-----" not in pem:
        what = (
            "holds a certificate, not a private key: are the two swapped?"
            if b"-----BEGIN CERTIFICATE-----" in pem
            else "is not a private key in PEM"
        )
        raise BadConfiguration(f"the {role} {path!r} {what}")
    try:
        key = load_pem_private_key(pem, password=None)
        weakness = _weakness(key.public_key())
    except TypeError:
        raise BadConfiguration(
            f"the {role} {path!r} is encrypted, and nobody is there to ask for the "
            f"password: decrypt it with openssl pkey -in {path} -out NEW"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadConfiguration(f"the {role} {path!r} is damaged") from None
    if weakness:
        raise BadConfiguration(f"the {role} {path!r} has {weakness}")
    assert isinstance(key, (EllipticCurvePrivateKey, Ed25519PrivateKey, RSAPrivateKey))
    return key


def _weakness(key: object) -> str | None:
    """
    Say why a key is not good enough, if it is not.
    """
    what = "a key of another kind than RSA, ECDSA or Ed25519"
    match key:
        case RSAPublicKey() if key.key_size < _RSA_BITS:
            what = f"an RSA key of {key.key_size} bits"
        case EllipticCurvePublicKey() if key.curve.name not in _CURVES:
            what = f"a key on the curve {key.curve.name}"
        case RSAPublicKey() | EllipticCurvePublicKey() | Ed25519PublicKey():
            return None
    return f"{what}: use ECDSA on P-256 or P-384, Ed25519, or RSA from 2048 bits"
