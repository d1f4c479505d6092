"""
Why connections are refused, in a word each: there are few of these, while what
is said to people about it may be anything.
"""

from __future__ import annotations

from typing import Final

# What the words for people begin with.  The first that fits decides.
_CAUSES: Final = (
    ("no client certificate", "no_certificate"),
    ("the client certificate is refused", "certificate"),
    ("the client does not speak TLS 1.3", "tls_version"),
    ("no cipher suite of TLS 1.3 in common", "no_cipher"),
    ("plaintext HTTP instead of TLS", "not_tls"),
    ("not TLS", "not_tls"),
    ("the client does not offer HTTP/2", "no_http2"),
    ("the client broke off the handshake", "client_alert"),
    ("the client broke the connection", "client_left"),
    ("the client closed the connection", "client_left"),
    ("TLS error", "tls_error"),
    ("the handshake took longer than", "timeout"),
    ("it had to give way", "gave_way"),
    ("there are ", "too_many"),
    ("a request has more than", "fields"),
    ("the service is shutting down", "closing"),
    ("the server behind the door cannot be reached", "unreachable"),
    ("the server behind the door was too busy", "busy"),
)

#: Every word there is.
WORDS: Final = frozenset({word for _, word in _CAUSES} | {"other"})


def wordFor(cause: str) -> str:
    """
    Find the word for a cause.
    """
    for beginning, word in _CAUSES:
        if cause.startswith(beginning):
            return word
    return "other"
