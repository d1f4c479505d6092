"""
All the certificates and keys that an installation begins with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from os import PathLike, fspath
from typing import Final

from attrs import frozen

from ..errors import BadConfiguration
from .issuing import (
    Credential,
    Purpose,
    Validity,
    issue,
    makeAuthority,
    makeKey,
    privatePEM,
    publicPEM,
    validFor,
)
from .writing import PUBLIC, SECRET, writeNew

#: How long a certificate authority is good for, in days.
AUTHORITY_DAYS: Final = 5 * 365

#: How long any other certificate is good for, in days.
LEAF_DAYS: Final = 397

_SERVER_AUTHORITY: Final = "jobworker server CA"
_CLIENT_AUTHORITY: Final = "jobworker client CA"

#: What a server certificate is always good for.
_LOCAL: Final = ("localhost", "127.0.0.1", "::1")

#: Names that file names begin with which are not a user's.
_RESERVED: Final = {"server", "server_ca", "client_ca", "token"}

#: A common name has 64 characters at most, a DNS label 63.
_USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,62}")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")

#: Contents and modes of files, by name.
_Files = dict[str, tuple[bytes, int]]


@frozen
class _Authorities:
    """
    Those who sign what one side has, and the other side believes.
    """

    server: Credential
    client: Credential


def initialise(
    directory: str | PathLike[str],
    users: Sequence[str] = ("alice", "bob"),
    bad: bool = False,
    hosts: Sequence[str] = (),
) -> list[str]:
    """
    Make authorities for servers and clients, a server certificate, user
    certificates and the pair of keys that signs and verifies tokens.

    Private keys are C{*_key.pem}, readable for their owner alone.

    @param directory: Where to; made for its owner alone if it does not exist.

    @param users: The subjects to make certificates for.

    @param bad: Whether to make, below C{bad}, the set that every server and
        client must refuse.

    @param hosts: DNS names and IP addresses of the server, beside those of the
        local host.

    @return: The paths of the files written.

    @raise BadConfiguration: If a file exists already or cannot be written, or
        if a name does not serve.  Nothing is left behind.
    """
    _checkNames(users, hosts)
    good = validFor(LEAF_DAYS)
    authorities = _makeAuthorities()
    files: _Files = {}
    _addAuthorities(files, "", authorities)
    names = tuple(dict.fromkeys((*_LOCAL, *hosts)))
    server = issue(authorities.server, names[0], names, Purpose.SERVER, good)
    _add(files, "server", server)
    for user in users:
        _add(files, user, _issueUser(authorities.client, user, good))
    tokenKey = makeKey()
    files["token_key.pem"] = (privatePEM(tokenKey), SECRET)
    files["token_public.pem"] = (publicPEM(tokenKey.public_key()), PUBLIC)
    if bad:
        _addBad(files, authorities, users[0] if users else "alice", names)
    return writeNew(fspath(directory), files)


def _checkNames(users: Sequence[str], hosts: Sequence[str]) -> None:
    """
    Refuse names that would not serve as what they are used for.
    """
    for user in users:
        if not _USER.fullmatch(user) or user in _RESERVED:
            raise BadConfiguration(
                f"{user!r} cannot be the name of a user: give 1 to 63 letters, "
                "digits and any of . _ @ + -, beginning with a letter or digit, and "
                f"none of {', '.join(sorted(_RESERVED))}"
            )
    if len(set(users)) != len(users):
        raise BadConfiguration("a user is named twice")
    for host in hosts:
        if not _isHost(host):
            raise BadConfiguration(
                f"{host!r} cannot be the name of a host: give a DNS name or an "
                "IP address"
            )


def _isHost(name: str) -> bool:
    """
    Say whether this is an IP address or a DNS name, with or without wildcard.
    """
    try:
        ip_address(name)
    except ValueError:
        return _DNS.fullmatch(name.removeprefix("*.")) is not None
    return True


def _makeAuthorities() -> _Authorities:
    validity = validFor(AUTHORITY_DAYS)
    return _Authorities(
        makeAuthority(_SERVER_AUTHORITY, validity),
        makeAuthority(_CLIENT_AUTHORITY, validity),
    )


def _issueUser(
    authority: Credential | None,
    user: str,
    validity: Validity,
    purpose: Purpose = Purpose.CLIENT,
    isAuthority: bool = False,
) -> Credential:
    """
    Issue a certificate that names a user, and as an alternative too where the
    name has the form of one.
    """
    fits = _EMAIL.fullmatch(user) or _DNS.fullmatch(user)
    return issue(
        authority,
        user,
        (user,) if fits else (),
        purpose,
        validity,
        isAuthority=isAuthority,
    )


def _addBad(
    files: _Files, authorities: _Authorities, user: str, hosts: tuple[str, ...]
) -> None:
    """
    Make what must be refused: each differs in one thing from what is good.

    The other authorities have the same names as ours.
    """
    others = _makeAuthorities()
    _addAuthorities(files, "bad/", others)
    now = datetime.now(timezone.utc)
    good = validFor(LEAF_DAYS)
    past = Validity(now - timedelta(days=2), now - timedelta(days=1))
    future = Validity(now + timedelta(days=365), now + timedelta(days=730))
    rows: Mapping[str, tuple[_Authorities | None, Validity]] = {
        "other": (others, good),
        "selfsigned": (None, good),
        "expired": (authorities, past),
        "notyet": (authorities, future),
    }
    for kind, (by, validity) in rows.items():
        client = _issueUser(by.client if by else None, user, validity)
        _add(files, f"bad/{kind}_client", client)
        signer = by.server if by else None
        server = issue(signer, hosts[0], hosts, Purpose.SERVER, validity)
        _add(files, f"bad/{kind}_server", server)
    swapped = _issueUser(authorities.client, user, good, Purpose.SERVER)
    _add(files, "bad/purpose_client", swapped)
    ours = issue(authorities.server, hosts[0], hosts, Purpose.CLIENT, good)
    _add(files, "bad/purpose_server", ours)
    claims = _issueUser(authorities.client, user, good, isAuthority=True)
    _add(files, "bad/authority_client", claims)


def _addAuthorities(files: _Files, prefix: str, authorities: _Authorities) -> None:
    """
    Add certificates and keys of both authorities.
    """
    stem = f"{prefix}other_" if prefix else ""
    for side, authority in (
        ("server", authorities.server),
        ("client", authorities.client),
    ):
        files[f"{stem}{side}_ca.pem"] = (authority.certificatePEM(), PUBLIC)
        files[f"{stem}{side}_ca_key.pem"] = (authority.keyPEM(), SECRET)


def _add(files: _Files, stem: str, credential: Credential) -> None:
    """
    Add a certificate and its key.
    """
    files[f"{stem}_cert.pem"] = (credential.certificatePEM(), PUBLIC)
    files[f"{stem}_key.pem"] = (credential.keyPEM(), SECRET)
