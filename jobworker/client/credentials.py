"""
What a caller shows: a certificate with its key, and a token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import field, frozen

from .failures import BadCredentials, Unreadable

#: Bytes that a file with credentials may have.
LIMIT: Final = 1024 * 1024

#: Three parts in URL-safe base64, the signature perhaps missing.
_JWT: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@frozen
class Credentials:
    """
    What opens a connection, in PEM.

    @ivar certificate: Our certificate, with those between it and its authority.
    @ivar key: The private key of it.
    @ivar authorities: The certificates of the authorities that a server's
        certificate may come from.
    """

    certificate: bytes
    key: bytes = field(repr=False)
    authorities: bytes

    @classmethod
    def load(
        cls, certificate: str | Path, key: str | Path, authorities: Sequence[str | Path]
    ) -> Credentials:
        """
        Read them from files.

        @raise Unreadable: If one cannot be read.

        @raise BadCredentials: If one is something else.
        """
        return cls(
            readPEM("certificate", certificate, b"CERTIFICATE-----"),
            readPEM("key", key, b"PRIVATE KEY-----"),
            b"\n".join(
                readPEM("CA certificate", each, b"CERTIFICATE-----")
                for each in authorities
            ),
        )


def loadToken(given: str) -> str:
    """
    Get a token that was given as itself or as the name of a file.

    What was given is not repeated in errors, as it may be a secret.

    @raise Unreadable: If it is a file that cannot be read.

    @raise BadCredentials: If it is neither.
    """
    if _isFile(given):
        content = _read("token", given).decode("latin-1").strip()
        if not _JWT.fullmatch(content):
            raise BadCredentials(
                f"token file {given!r} does not hold a token",
                "make one with 'jobworker token issue'",
            )
        return content
    if not _JWT.fullmatch(given.strip()):
        raise BadCredentials(
            "the token given is neither a file that exists nor a token",
            "make one with 'jobworker token issue'",
        )
    return given.strip()


def looksLikeToken(given: str) -> bool:
    """
    Say whether something is more likely a token than the name of a file.
    """
    # All begin with a brace and a quotation mark, in base64.
    return given.startswith("eyJ") and _JWT.fullmatch(given.strip()) is not None


def _isFile(name: str) -> bool:
    """
    Say whether something has this name.
    """
    try:
        return Path(name).exists()
    except (OSError, ValueError):
        return False


def _read(what: str, path: str | Path) -> bytes:
    """
    Read a file of modest size.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(LIMIT + 1)
    except (OSError, ValueError) as error:
        raise Unreadable.of(f"{what} {str(path)!r}", error) from None
    if len(content) > LIMIT:
        raise BadCredentials(f"{what} {str(path)!r} is too large to be one")
    return content


def readPEM(what: str, path: str | Path, mark: bytes) -> bytes:
    """
    Read a file that must hold something in PEM.
    """
    content = _read(what, path)
    if b"-----BEGIN " not in content or mark not in content:
        raise BadCredentials(
            f"{what} {str(path)!r} is not a {what} in PEM",
            "perhaps two options were given each other's file",
        )
    if b"ENCRYPTED" in content and b"PRIVATE" in mark:
        raise BadCredentials(
            f"{what} {str(path)!r} is encrypted", "give a key without a passphrase"
        )
    return content
