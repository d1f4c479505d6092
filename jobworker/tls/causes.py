"""
Why a handshake failed, in words for a log.
"""

from __future__ import annotations

from typing import Final

from OpenSSL import SSL

#: What OpenSSL finds wrong with a certificate, by its numbers (X509_V_ERR_*
#: of x509_vfy.h).
_VERIFICATION: Final = {
    2: "its issuer is unknown",
    7: "its signature is wrong",
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "it is signed by an authority that is not ours",
    20: "it is signed by an authority that is not ours",
    21: "it is signed by an authority that is not ours",
    22: "its chain is too long",
    23: "it was revoked",
    24: "an authority in its chain is none",
    25: "its chain is longer than an authority in it permits",
    26: "it is not made for clients",
    66: "its key is too weak",
    67: "an authority in its chain has a key that is too weak",
    68: "it is signed with a digest that is too weak",
}

#: What OpenSSL says of a handshake, in words that an operator understands.
_HANDSHAKE: Final = {
    "peer did not return a certificate": "no client certificate",
    "unsupported protocol": "the client does not speak TLS 1.3",
    "no protocols available": "the client does not speak TLS 1.3",
    "http request": "plaintext HTTP instead of TLS",
    "wrong version number": "not TLS",
    "packet length too long": "not TLS",
    "record layer failure": "not TLS",
    "bad record type": "not TLS",
    "no application protocol": "the client does not offer HTTP/2 (ALPN h2)",
    "no shared cipher": "no cipher suite of TLS 1.3 in common",
}


class NoProtocol(SSL.Error):
    """
    The visitor does not offer the protocol that is spoken here.
    """

    def __init__(self) -> None:
        super().__init__([("", "", "no application protocol")])


def describeVerification(number: int) -> str:
    """
    Say what is wrong with a certificate.

    @param number: The number that OpenSSL gave.
    """
    return _VERIFICATION.get(number, f"OpenSSL's verification error {number}")


def describeFailure(error: object) -> str:
    """
    Say why a handshake failed.

    @param error: What was raised.
    """
    reasons = _reasons(error)
    if not reasons:
        return "the client closed the connection during the handshake"
    for reason in reasons:
        if "alert" in reason:
            return f"the client broke off the handshake: {reason}"
    known = [_HANDSHAKE[reason] for reason in reasons if reason in _HANDSHAKE]
    return known[0] if known else describeBreak(error)


def describeBreak(error: object) -> str:
    """
    Say why a connection cannot be used any more.

    @param error: What was raised.
    """
    return f"TLS error: {', '.join(_reasons(error)) or 'the connection is closed'}"


def _reasons(error: object) -> list[str]:
    """
    Find what OpenSSL says.

    What has no queue of errors is an end of the connection.
    """
    queue = error.args[0] if isinstance(error, SSL.Error) and error.args else None
    entries = queue if isinstance(queue, list) else []
    return [reason for _, _, reason in entries if reason]
