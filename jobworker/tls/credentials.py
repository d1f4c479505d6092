"""
What the daemon shows to its visitors and what it believes of them, checked
when it is loaded so that no visitor meets a mistake first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Final

from attrs import field, frozen
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..errors import BadConfiguration
from .files import PrivateKey, readCertificates, readPrivateKey

_CERTIFICATE: Final = "server certificate"
_KEY: Final = "private key"
_AUTHORITY: Final = "client CA file"


@frozen
class ServerCredentials:
    """
    All that a TLS server needs.

    @ivar chain: The server's certificate and what leads from it to an
        authority that clients know.
    @ivar authorities: Who signs the certificates of clients.
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey = field(repr=False)
    authorities: tuple[x509.Certificate, ...]


def loadServerCredentials(
    certificate: str, key: str, authorities: Sequence[str], now: float
) -> ServerCredentials:
    """
    Load the files that the daemon was started with.

    @param certificate: The path of the server's certificate, which others that
        lead to the authority may follow.

    @param key: The path of its private key.

    @param authorities: The paths of the certificates of those who sign the
        certificates of clients; at least one.

    @param now: Seconds since the epoch.

    @raise BadConfiguration: If anything is wrong: one line that says what, in
        which file, and what to do.
    """
    moment = datetime.fromtimestamp(now, timezone.utc)
    chain = readCertificates(certificate, _CERTIFICATE)
    for each in chain:
        _requireValid(each, certificate, _CERTIFICATE, moment)
    _requirePurpose(chain[0], certificate)
    private = readPrivateKey(key, _KEY)
    if private.public_key() != chain[0].public_key():
        raise BadConfiguration(
            f"the {_KEY} {key!r} does not belong to the {_CERTIFICATE} "
            f"{certificate!r}: give the pair that was made together"
        )
    if not authorities:
        raise BadConfiguration("no client CA file is given: name at least one")
    trusted: dict[x509.Certificate, None] = {}
    for path in authorities:
        trusted.update(dict.fromkeys(_loadAuthorities(path, moment)))
    return ServerCredentials(chain, private, tuple(trusted))


def _loadAuthorities(path: str, moment: datetime) -> tuple[x509.Certificate, ...]:
    """
    Load those who sign the certificates of clients.
    """
    certificates = readCertificates(path, _AUTHORITY)
    for each in certificates:
        if not isAuthority(each):
            raise BadConfiguration(
                f"the {_AUTHORITY} {path!r} holds the certificate of "
                f"{each.subject.rfc4514_string()!r}, which is not a CA certificate: "
                "give the certificate of the authority that signs those of clients"
            )
        _requireValid(each, path, _AUTHORITY, moment)
    return certificates


def isAuthority(certificate: x509.Certificate) -> bool:
    """
    Say whether a certificate claims to be one of an authority.
    """
    try:
        return certificate.extensions.get_extension_for_class(
            x509.BasicConstraints
        ).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _requireValid(
    certificate: x509.Certificate, path: str, role: str, moment: datetime
) -> None:
    """
    Refuse a certificate outside the time that it is made for.
    """
    begin = certificate.not_valid_before_utc
    end = certificate.not_valid_after_utc
    if moment > end:
        raise BadConfiguration(
            f"the {role} {path!r} has expired on {end:%Y-%m-%d %H:%M} UTC: renew it"
        )
    if moment < begin:
        raise BadConfiguration(
            f"the {role} {path!r} is not valid before {begin:%Y-%m-%d %H:%M} UTC: "
            "is the clock right?"
        )


def _requirePurpose(certificate: x509.Certificate, path: str) -> None:
    """
    Refuse a certificate that every client would refuse as a server's.
    """
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return
    except ValueError:
        raise BadConfiguration(f"the {_CERTIFICATE} {path!r} is damaged") from None
    fit = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if not any(purpose in usage.value for purpose in fit):
        raise BadConfiguration(
            f"the {_CERTIFICATE} {path!r} is not made for servers: its extended key "
            "usage lacks serverAuth"
        )
