"""
The account that is kept of calls.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import copy_context

from attrs import define, field

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.calls import CURRENT
from jobworker.access.claims import BadToken
from jobworker.access.decisions import Decision
from jobworker.access.identity import Caller, Peer
from jobworker.errors import NoSuchJob, ShuttingDown, Unrecorded
from jobworker.jobs import Command
from jobworker.metering import Unmetered
from jobworker.rpc.accounts import Accounts
from jobworker.rpc.failures import Denied, TooMany

PEER = Peer("192.0.2.1:1", frozenset({"alice"}), "00")
ALICE = Caller("alice", "", "", frozenset(), frozenset(), 0)


@define
class Witness:
    """
    Remembers what it is told.

    @ivar refusal: While this is set, nothing may be done.
    """

    decisions: list[Decision] = field(factory=list)
    starts: list[tuple[int, str]] = field(factory=list)
    refusal: Exception | None = None

    def decided(self, decision: Decision) -> None:
        """
        Remember a decision.
        """
        if decision.allowed and self.refusal is not None:
            raise self.refusal
        self.decisions.append(decision)

    def started(self, call: int, job: str) -> None:
        """
        Remember a start.
        """
        self.starts.append((call, job))


class Meter(Unmetered):
    """
    Remembers calls.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []

    def called(self, service: str, method: str, code: str, seconds: float) -> None:
        """
        Remember a call.
        """
        assert seconds >= 0
        self.calls.append((service, method, code))


class AccountTests(SynchronousTestCase):
    """
    L{Accounts} tells everybody once.
    """

    def setUp(self) -> None:
        """
        Begin.
        """
        self.witness = Witness()
        self.meter = Meter()
        self.accounts = Accounts(self.witness, self.meter)

    def call(self, work: Callable[[], None]) -> None:
        """
        Be a call to StopJob.
        """

        def run() -> None:
            with self.accounts.open("a.Service", "StopJob") as account:
                try:
                    work()
                    account.succeeded()
                except Exception as error:  # noqa: BLE001 - as the real one does
                    account.failed(error)

        copy_context().run(run)

    def test_allowed(self) -> None:
        """
        A call that is allowed is told of once, with all that is known, before
        anything is done.
        """

        def work() -> None:
            self.accounts.identified(PEER)
            self.accounts.recognised(ALICE)
            self.accounts.about("a job")
            self.accounts.allow(Command("ls"))
            self.assertEqual(
                self.witness.decisions,
                [
                    Decision(
                        True,
                        "StopJob",
                        address="192.0.2.1:1",
                        peer=PEER,
                        caller=ALICE,
                        call=1,
                        job="a job",
                        command=Command("ls"),
                    )
                ],
            )
            self.accounts.allow()
            self.accounts.started("another")

        self.call(work)
        self.assertEqual(len(self.witness.decisions), 1)
        self.assertEqual(self.witness.starts, [(1, "another")])
        self.assertEqual(self.meter.calls, [("a.Service", "StopJob", "OK")])

    def test_refused(self) -> None:
        """
        A call that fails before it was allowed is refused, with a word for
        why.
        """
        rows: dict[Exception, tuple[str, str]] = {
            BadToken("none"): ("token", "PERMISSION_DENIED"),
            Denied("no", "role"): ("role", "PERMISSION_DENIED"),
            TooMany("followers"): ("limit", "RESOURCE_EXHAUSTED"),
            ShuttingDown(): ("closing", "UNAVAILABLE"),
            NoSuchJob("x"): ("request", "NOT_FOUND"),
        }
        for error, (cause, code) in rows.items():

            def work(error: Exception = error) -> None:
                raise error

            self.call(work)
            decision = self.witness.decisions.pop()
            self.assertFalse(decision.allowed)
            self.assertEqual((decision.cause, decision.reason), (cause, str(error)))
            self.assertEqual(self.meter.calls.pop(), ("a.Service", "StopJob", code))
        self.assertEqual(self.witness.decisions, [])

    def test_failedLater(self) -> None:
        """
        What fails after it was allowed was allowed.
        """

        def work() -> None:
            self.accounts.allow()
            raise NoSuchJob("x")

        self.call(work)
        self.assertEqual([each.allowed for each in self.witness.decisions], [True])
        self.assertEqual(self.meter.calls, [("a.Service", "StopJob", "NOT_FOUND")])

    def test_unrecorded(self) -> None:
        """
        What cannot be recorded is not done, and that is told.
        """
        self.witness.refusal = Unrecorded()

        def work() -> None:
            self.accounts.allow()
            self.fail("this was done")

        self.call(work)
        [decision] = self.witness.decisions
        self.assertEqual((decision.allowed, decision.cause), (False, "audit"))

    def test_left(self) -> None:
        """
        A call that nobody waits for any more is cancelled.
        """

        def work() -> None:
            self.accounts.allow()
            raise KeyboardInterrupt

        self.assertRaises(KeyboardInterrupt, self.call, work)
        self.assertEqual(self.meter.calls, [("a.Service", "StopJob", "CANCELLED")])

    def test_nobody(self) -> None:
        """
        Outside of calls, and without a witness, nothing is told to anybody.
        """
        self.accounts.allow()
        self.accounts.about("a job")
        self.accounts.identified(PEER)
        self.accounts.recognised(ALICE)
        self.accounts.started("a job")
        self.accounts = Accounts()
        self.call(self.accounts.allow)
        self.assertEqual(self.witness, Witness())
        self.assertIsNone(CURRENT.get())
