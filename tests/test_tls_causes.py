"""
Words for failed handshakes.
"""

from __future__ import annotations

from OpenSSL import SSL

from twisted.internet.error import ConnectionLost
from twisted.trial.unittest import SynchronousTestCase

from jobworker.tls.causes import (
    NoProtocol,
    describeBreak,
    describeFailure,
    describeVerification,
)

CLOSED = "the client closed the connection during the handshake"

#: What an end of the connection looks like, in different versions of OpenSSL.
GONE = (
    None,
    ConnectionLost(),
    SSL.Error(),
    SSL.Error([]),
    SSL.Error([("SSL routines", "", "")]),
    SSL.ZeroReturnError(),
    SSL.SysCallError(-1, "Unexpected EOF"),
)


def saying(*reasons: str) -> SSL.Error:
    """
    Make an error as pyOpenSSL makes it.
    """
    return SSL.Error([("SSL routines", "", reason) for reason in reasons])


class CausesTests(SynchronousTestCase):
    """
    Each failure has a cause in words, known or not.
    """

    def test_table(self) -> None:
        """
        What OpenSSL says is put in words; what is not known is passed on.
        """
        rows: list[tuple[object, str]] = [
            (saying("http request"), "plaintext HTTP instead of TLS"),
            (saying("something", "wrong version number"), "not TLS"),
            (
                saying("tlsv1 alert unknown ca"),
                "the client broke off the handshake: tlsv1 alert unknown ca",
            ),
            (saying("a", "b"), "TLS error: a, b"),
            (NoProtocol(), "the client does not offer HTTP/2 (ALPN h2)"),
            *((gone, CLOSED) for gone in GONE),
        ]
        for error, words in rows:
            self.assertEqual(describeFailure(error), words)

    def test_break(self) -> None:
        """
        What breaks a connection is passed on as OpenSSL says it.
        """
        self.assertEqual(describeBreak(saying("a", "b")), "TLS error: a, b")
        for gone in GONE:
            self.assertEqual(describeBreak(gone), "TLS error: the connection is closed")

    def test_verification(self) -> None:
        """
        Every number has words.
        """
        self.assertEqual(describeVerification(10), "it has expired")
        self.assertEqual(
            describeVerification(4711), "OpenSSL's verification error 4711"
        )
