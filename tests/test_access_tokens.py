"""
Tokens: which are believed, and above all which are not.
"""

from __future__ import annotations

import jwt

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.claims import LEEWAY, BadToken
from jobworker.access.identity import Caller
from jobworker.access.requests import TokenRequest
from jobworker.access.tokens import (
    ISSUER,
    MONTH,
    TokenVerifier,
    issue,
    readUnverified,
)
from tests.tokens import (
    ALICE,
    BAD_CLAIMS,
    CLAIMS,
    GOOD_CLAIMS,
    KEY,
    NOW,
    PUBLIC_PEM,
    claiming,
    forgeries,
    signed,
)


class VerifierTests(SynchronousTestCase):
    """
    Which tokens are believed.
    """

    def setUp(self) -> None:
        """
        Make a verifier whose clock stands still.
        """
        self.now: float = NOW
        self.verifier = TokenVerifier(PUBLIC_PEM, ISSUER, lambda: self.now)

    def refusal(self, token: str) -> str:
        """
        Verify a token that is not to be believed, and get what is said.
        """
        try:
            return f"accepted: {self.verifier.verify(token)}"
        except BadToken as error:
            return str(error)

    def test_good(self) -> None:
        """
        A token that is right says who calls.
        """
        self.assertEqual(self.verifier.verify(claiming()), ALICE)

    def test_odd(self) -> None:
        """
        What the standard permits is believed.
        """
        for kind, changes in GOOD_CLAIMS.items():
            said = self.verifier.verify(claiming(**changes)).subject
            self.assertEqual(said, "alice", kind)

    def test_forged(self) -> None:
        """
        What the holder of the key has not signed with ES256 is refused, and
        what it consists of is not repeated.
        """
        for kind, (token, word) in forgeries().items():
            said = self.refusal(token)
            self.assertNotIn("accepted", said, kind)
            self.assertIn(word, said, kind)
            for part in token.split("."):
                self.assertFalse(len(part) > 8 and part in said, kind)

    def test_claims(self) -> None:
        """
        What is missing, of the wrong type, of somebody else or of another
        time is refused.
        """
        for kind, (changes, word) in BAD_CLAIMS.items():
            said = self.refusal(claiming(**changes))
            self.assertNotIn("accepted", said, kind)
            self.assertIn(word, said, kind)

    def test_refusedAgain(self) -> None:
        """
        A bad token is no better the second time.
        """
        for _ in range(2):
            self.assertIn("expired", self.refusal(claiming(exp=NOW - LEEWAY)))

    def test_rememberedExpires(self) -> None:
        """
        A token that was verified before expires in its time, and stays
        expired.
        """
        token = claiming(exp=NOW + 60)
        self.verifier.verify(token)
        self.now = NOW + 60 + LEEWAY - 1
        self.assertEqual(self.verifier.verify(token), ALICE)
        self.now = NOW + 60 + LEEWAY
        for _ in range(2):
            self.assertIn("expired", self.refusal(token))

    def test_remembered(self) -> None:
        """
        A token is verified once: the second time gives the very same caller.
        """
        token = claiming()
        self.assertIs(self.verifier.verify(token), self.verifier.verify(token))

    def test_changedAfterRemembered(self) -> None:
        """
        That a token was verified says nothing about one that differs in its
        signature alone.
        """
        token = claiming()
        self.verifier.verify(token)
        head, _, signature = token.rpartition(".")
        other = ("A" if signature[0] != "A" else "B") + signature[1:]
        self.assertIn("key expected", self.refusal(f"{head}.{other}"))

    def test_bounded(self) -> None:
        """
        However many tokens come, a limited number is remembered, and the one
        that was used last is among them.
        """
        verifier = TokenVerifier(PUBLIC_PEM, ISSUER, lambda: NOW, remembered=3)
        used = claiming(sub="used")
        first = verifier.verify(used)
        for number in range(5):
            verifier.verify(claiming(sub=f"user{number}"))
            self.assertIs(verifier.verify(used), first)
        self.assertEqual(len(verifier._verified), 3)


class IssueTests(SynchronousTestCase):
    """
    What is issued.
    """

    def test_roundTrip(self) -> None:
        """
        What was asked for is what the verifier says, for a month.
        """
        request = TokenRequest(
            "bob", "Böb", "bob@example.com", ("system.user", "x"), ("a", "b")
        )
        token = issue(request, KEY, "we", NOW)
        expected = Caller(
            subject="bob",
            name="Böb",
            email="bob@example.com",
            roles=frozenset({"system.user", "x"}),
            groups=frozenset({"a", "b"}),
            expires=NOW + MONTH,
        )
        verifier = TokenVerifier(PUBLIC_PEM, "we", lambda: NOW)
        self.assertEqual(verifier.verify(token), expected)

    def test_standard(self) -> None:
        """
        Others that know JSON Web Tokens can verify what is issued.
        """
        token = issue(TokenRequest("bob", roles=("r",)), KEY, ISSUER, NOW + 0.9, 5)
        self.assertEqual(jwt.get_unverified_header(token)["alg"], "ES256")
        claims = jwt.decode(
            token,
            KEY.public_key(),
            algorithms=["ES256"],
            options={"verify_exp": False},
        )
        self.assertEqual(
            claims,
            {
                "iss": ISSUER,
                "sub": "bob",
                "name": "",
                "email": "",
                "roles": ["r"],
                "groups": [],
                "iat": NOW,
                "exp": NOW + 5,
            },
        )

    def test_readUnverified(self) -> None:
        """
        One can look at what a token claims without any key, even when it has
        expired.
        """
        token = claiming(exp=0)
        self.assertEqual(readUnverified(token), {**CLAIMS, "exp": 0})

    def test_readNothing(self) -> None:
        """
        What is no token cannot be looked at.
        """
        for kind in ("", "abc", "a.b.c", "é", "\udc80", signed(b"[]")):
            self.assertRaises(BadToken, readUnverified, kind)
