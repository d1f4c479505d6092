"""
Whether a certificate and a token mean the same.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.identity import Caller, Peer, vouches


def caller(subject: str) -> Caller:
    """
    Make a caller of whom only the subject matters.
    """
    return Caller(
        subject=subject,
        name="Alice",
        email="alice@example.com",
        roles=frozenset({"system.user"}),
        groups=frozenset({"staff"}),
        expires=0,
    )


def peer(*names: str) -> Peer:
    """
    Make a peer of whom only the names matter.
    """
    return Peer("127.0.0.1:51234", frozenset(names), "00" * 32)


class VouchesTests(SynchronousTestCase):
    """
    A token works on connections of its subject.
    """

    def test_named(self) -> None:
        """
        Any of the names that a certificate has will do.
        """
        names = peer("alice", "alice@example.com", "urn:user:alice")
        for subject in ("alice", "alice@example.com", "urn:user:alice"):
            self.assertTrue(vouches(names, caller(subject)))

    def test_somebodyElse(self) -> None:
        """
        Nothing but the very subject counts: not other names that the token
        says, not parts, not other capitals.
        """
        for name in ("bob", "alic", "alice2", "Alice", "ALICE", "staff", " alice"):
            self.assertFalse(vouches(peer(name), caller("alice")), name)

    def test_nobody(self) -> None:
        """
        A certificate without names vouches for no one, and an empty name does
        not make one of an empty subject.
        """
        self.assertFalse(vouches(peer(), caller("alice")))
        self.assertFalse(vouches(peer(""), caller("")))
