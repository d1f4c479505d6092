"""
The words that refusals at the door are counted by.
"""

from __future__ import annotations

from OpenSSL import SSL

from twisted.trial.unittest import SynchronousTestCase

from jobworker.door.causes import WORDS, wordFor
from jobworker.tls.causes import (
    _HANDSHAKE,
    NoProtocol,
    describeBreak,
    describeFailure,
    describeVerification,
)


class WordTests(SynchronousTestCase):
    """
    L{wordFor} knows what is said at the door.
    """

    def test_handshakes(self) -> None:
        """
        Whatever goes wrong in a handshake has a word of its own.
        """
        errors = [SSL.Error([("", "", reason)]) for reason in _HANDSHAKE]
        alert = SSL.Error([("", "", "tlsv1 alert unknown ca")])
        strange = SSL.Error([("", "", "who knows")])
        said = [
            *map(describeFailure, [*errors, alert, strange, SSL.SysCallError(-1)]),
            describeFailure(NoProtocol()),
            describeBreak(strange),
            f"the client certificate is refused: {describeVerification(10)}",
            "the client certificate is refused: it is malformed",
        ]
        for cause in said:
            self.assertIn(wordFor(cause), WORDS - {"other"}, cause)

    def test_examples(self) -> None:
        """
        The words say what is meant, and there is one for what nobody thought
        of.
        """
        rows = {
            "no client certificate": "no_certificate",
            "the client certificate is refused: it has expired": "certificate",
            "there are 2000 connections already": "too_many",
            "the client closed the connection during the handshake": "client_left",
            "the handshake took longer than 10 s": "timeout",
            "a request has more than 256 header fields": "fields",
            "out of cheese": "other",
        }
        for cause, word in rows.items():
            self.assertEqual(wordFor(cause), word)
