"""
What clients say of what a server refuses.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.claims import BadToken, requireUnexpired
from jobworker.access.identity import Caller
from jobworker.api import worker_pb2 as wire
from jobworker.client.failures import Failure
from jobworker.client.translation import failureOf
from jobworker.errors import KeyTaken, LaunchFailed, NotRunning
from jobworker.hosting.becoming import findAccount
from jobworker.hosting.programs import examine
from jobworker.hosting.prologue import prologue
from jobworker.rpc.parsing import BadRequest, parseCommand
from jobworker.rpc.watches import parseToken
from jobworker.specification import ResourceLimit, Specification


class RemedyTests(SynchronousTestCase):
    """
    With the reason comes what to do about it, as the server words the reason.
    """

    def refused(self, reason: str) -> Failure:
        """
        Have a start refused.
        """
        failure = failureOf(grpc.StatusCode.INVALID_ARGUMENT, reason)
        self.assertEqual(failure.cause, reason)
        return failure

    def test_start(self) -> None:
        """
        What keeps a job from being started can be helped.
        """
        path = self.mktemp()
        with open(path, "w") as file:
            file.write("no program")
        self.check(lambda: examine(b"nonexistent", os.defpath), "name a program")
        self.check(lambda: examine(os.fsencode(path), ""), "make it executable")
        os.chmod(path, 0o700)
        self.check(lambda: examine(os.fsencode(path), ""), "what runs it")
        for directory in ("/nonexistent", path):
            self.check(lambda: examine(b"sh", "/bin", directory), "may enter")  # noqa: B023
        much = Specification(limits=[ResourceLimit("nofile", 16, 2**60)])
        self.check(lambda: prologue(much), "ask for less")
        self.check(lambda: findAccount("nobody such", ""), "name one|without a user")
        empty = self.assertRaises(BadRequest, parseCommand, wire.Command())
        self.assertIn("name a program", self.refused(empty.description).remedy)

    def test_known(self) -> None:
        """
        So can what keeps somebody from an answer.
        """
        late = Caller("alice", "", "", frozenset(), frozenset(), 0)
        expired = self.assertRaises(BadToken, requireUnexpired, late, 1e9)
        unread = self.assertRaises(BadRequest, parseToken, "x")
        for reason, remedy in (
            (str(expired), "jobworker token issue"),
            (unread.description, "leave it out"),
            (str(KeyTaken("k")), "give another key"),
            (str(NotRunning("x")), "jobworker query"),
        ):
            self.assertIn(remedy, self.refused(reason).remedy)

    def check(self, act: Callable[[], object], remedy: str) -> None:
        """
        Have the host refuse something, and see what is said to do about it.
        """
        error = self.assertRaises(LaunchFailed, act)
        assert isinstance(error, LaunchFailed)
        self.assertRegex(self.refused(error.reason).remedy, remedy)
