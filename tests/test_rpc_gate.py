"""
Who is let in, and who is told what.
"""

from __future__ import annotations

from contextlib import ExitStack

from attrs import evolve

from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import globalLogPublisher

from jobworker.access.claims import BadToken
from jobworker.access.identity import Peer
from jobworker.access.peers import PeerBook
from jobworker.access.tokens import ISSUER, TokenVerifier
from jobworker.api import worker_pb2 as pb
from jobworker.errors import LaunchFailed, NoSuchJob, ShuttingDown
from jobworker.rpc.board import Board
from jobworker.rpc.bridge import Bridge
from jobworker.rpc.failures import Denied, TooMany
from jobworker.rpc.gate import Gate
from jobworker.rpc.servicer import Servicer
from tests.contracts import exampleRecord
from tests.loops import ImmediateReactor, LoopTestCase
from tests.memoryroster import MemoryRoster
from tests.tokens import ALICE, NOW, PUBLIC_PEM, claiming


class GateTestCase(LoopTestCase):
    """
    A gate that two may pass as followers, one of each subject.
    """

    def setUp(self) -> None:
        """
        Make it, with somebody before it.
        """
        super().setUp()
        peers = PeerBook()
        name = peers.enter(Peer("192.0.2.1:1", frozenset({"alice"}), "00"))
        self.peer = f"unix-abstract:{name}"
        verifier = TokenVerifier(PUBLIC_PEM, ISSUER, lambda: float(NOW))
        self.gate = Gate(verifier, peers, 2, 1)


class AdmitTests(GateTestCase):
    """
    Certificate, token and roles are needed.
    """

    def test_admitted(self) -> None:
        """
        Who has all three is known by the token.
        """
        good = claiming()
        rows: list[list[tuple[str, str | bytes]]] = [
            [("token", good)],
            [("user-agent", "x"), ("authorization", f"bearer {good}")],
            [("token", good), ("authorization", f"Bearer {good}")],
            [("token", good), ("token-bin", b"x")],
        ]
        for metadata in rows:
            self.assertEqual(self.gate.admit("StopJob", self.peer, metadata), ALICE)

    def test_sparing(self) -> None:
        """
        Who is refused again and again does not fill the log.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)  # type: ignore[arg-type]
        for _ in range(150):
            with self.assertRaises(BadToken):
                self.gate.admit("StopJob", self.peer, [])
        self.assertEqual(len(observer), 100)

    def test_refused(self) -> None:
        """
        Who lacks one is not let in.
        """
        good = [("token", claiming())]
        self.assertRaises(BadToken, self.gate.admit, "StopJob", self.peer, [])
        self.assertRaises(Denied, self.gate.admit, "StopJob", "unix:", good)
        self.assertRaises(Denied, self.gate.admit, "NewJob", self.peer, good)
        bobs = [("token", claiming(sub="bob"))]
        self.assertRaises(Denied, self.gate.admit, "StopJob", self.peer, bobs)
        observing = [("token", claiming(roles=["system.observer"]))]
        with self.assertRaises(Denied) as raised:
            self.gate.admit("StopJob", self.peer, observing)
        self.assertTrue(str(raised.exception).endswith("do not allow to stop a job"))

    def test_closing(self) -> None:
        """
        When the service ends nobody is let in, until it starts again.
        """
        good = [("token", claiming())]
        self.gate.close()
        with self.assertRaises(ShuttingDown):
            self.gate.admit("StopJob", self.peer, good)
        self.gate.open()
        self.gate.admit("StopJob", self.peer, good)


class CountTests(GateTestCase):
    """
    Those inside are counted.
    """

    def test_followers(self) -> None:
        """
        There are not more followers than there may be, of one subject and in
        all; when one has gone there may be another.
        """
        bob, carol = evolve(ALICE, subject="bob"), evolve(ALICE, subject="carol")
        with self.gate.follower(ALICE):
            with self.assertRaises(TooMany), self.gate.follower(ALICE):
                self.fail("one too many")
            with (
                self.gate.follower(bob),
                self.assertRaises(TooMany),
                self.gate.follower(carol),
            ):
                self.fail("one too many")
            with self.gate.follower(carol):
                pass
        with self.gate.follower(ALICE):
            pass
        self.assertEqual(self.gate._followers, {})

    def test_whenEmpty(self) -> None:
        """
        Who closes the gate can wait until the last one is out.
        """
        with ExitStack() as inside:
            inside.enter_context(self.gate.call())
            with self.gate.call():
                self.gate.close()
                waiting = self.begin(self.gate.whenEmpty(10))
            self.turn()
            self.assertFalse(waiting.done())
        self.end(waiting)

    def test_neverEmpty(self) -> None:
        """
        That takes no longer than it may.
        """
        with self.gate.call():
            self.gate.close()
            self.run_(self.gate.whenEmpty(0.001))

    def test_empty(self) -> None:
        """
        If nobody is inside it takes no time.
        """
        self.gate.close()
        self.run_(self.gate.whenEmpty(10))


class FindTests(GateTestCase):
    """
    Jobs are found by those who may, and unknown to others.
    """

    def setUp(self) -> None:
        """
        Have one job.
        """
        super().setUp()
        roster = MemoryRoster(Clock())
        roster.put(exampleRecord(1))
        bridge = Bridge(ImmediateReactor(), self.loop)
        board = Board(self.loop, bridge, roster, 5.0, 2)
        self.servicer = Servicer(self.gate, board, bridge, roster, 5.0)
        self.job = pb.Job(id=exampleRecord(1).identifier)
        self.missing = pb.Job(id=exampleRecord(2).identifier)

    def test_own(self) -> None:
        """
        One's own job is found.
        """
        found = self.run_(self.servicer.find(self.job, ALICE, "StopJob"))
        self.assertEqual(found, exampleRecord(1))

    def test_user(self) -> None:
        """
        Whose roles do not allow to choose a user starts no job that has one.
        """
        rows = {"system.admin": True, "system.user": False}
        for role, allowed in rows.items():
            caller = evolve(ALICE, roles=frozenset({role}))
            for request, free in (
                (pb.Command(cmd="true"), True),
                (pb.Command(cmd="true", user="root"), False),
                (pb.Command(cmd="true", user="nobody", group="users"), False),
            ):
                # This roster knows no such command, but it was asked.
                expected = LaunchFailed if allowed or free else Denied
                with self.assertRaises(expected):
                    self.run_(self.servicer.startJob(request, caller))

    def test_missing(self) -> None:
        """
        Who may query every job learns that one does not exist.
        """
        with self.assertRaises(NoSuchJob):
            self.run_(self.servicer.find(self.missing, ALICE, "StopJob"))

    def test_indistinguishable(self) -> None:
        """
        Who may not query every job cannot tell one that does not exist from
        one of somebody else.
        """
        stranger = evolve(ALICE, subject="bob", roles=frozenset())
        said = set()
        for job in (self.job, self.missing, pb.Job(id="nonsense")):
            with self.assertRaises(Denied) as raised:
                self.run_(self.servicer.find(job, stranger, "StopJob"))
            said.add(str(raised.exception))
        self.assertEqual(said, {"only its owner may stop a job"})
