"""
Who is calling: what a certificate says, what a token says, and whether both
mean the same.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Peer:
    """
    Who is at the other end of a connection, as its certificate says.

    @ivar address: Where the connection comes from, as C{"127.0.0.1:51234"}.
    @ivar names: The common name and every alternative name (e-mail, DNS, URI)
        of the client certificate.
    @ivar fingerprint: SHA-256 of the certificate in DER, in hexadecimal.
    """

    address: str
    names: frozenset[str]
    fingerprint: str


@frozen
class Caller:
    """
    Who calls, as the token says.

    @ivar subject: Who is to own the jobs that this caller starts; never empty.
    @ivar expires: When the token ends: seconds since the epoch.
    """

    subject: str
    name: str
    email: str
    roles: frozenset[str]
    groups: frozenset[str]
    expires: int


def vouches(peer: Peer, caller: Caller) -> bool:
    """
    Say whether certificate and token name the same subject.

    This is the one place where the two are compared: a token is worth nothing
    on a connection of somebody else.
    """
    return caller.subject != "" and caller.subject in peer.names
