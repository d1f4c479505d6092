"""
When there is another attempt, and how long it may take.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.client.events import Waiting
from jobworker.client.failures import TimedOut, UnknownJob, Unreachable
from jobworker.client.retrying import DELAYS, Attempts
from jobworker.client.waiting import Patience

LOST = Unreachable("lost")


class AttemptsTests(SynchronousTestCase):
    """
    Attempts that came to nothing.
    """

    def test_another(self) -> None:
        """
        Pauses grow, and after the last there is no other attempt.
        """
        attempts = Attempts()
        self.assertEqual(
            [attempts.another(LOST) for _ in DELAYS],
            [Waiting(LOST, each) for each in DELAYS],
        )
        self.assertIs(self.assertRaises(Unreachable, attempts.another, LOST), LOST)

    def test_progressed(self) -> None:
        """
        After an attempt that came to something, pauses begin anew.
        """
        attempts = Attempts()
        attempts.another(LOST)
        attempts.another(LOST)
        attempts.progressed()
        self.assertEqual(attempts.another(LOST).delay, DELAYS[0])

    def test_hopeless(self) -> None:
        """
        What waiting cannot mend ends it at once.
        """
        self.assertRaises(UnknownJob, Attempts().another, UnknownJob("no"))


class PatienceTests(SynchronousTestCase):
    """
    Waiting goes on over lost connections, for as long as it may.
    """

    def setUp(self) -> None:
        """
        Begin at some time.
        """
        self.now = 100.0

    def patience(self, limit: float | None) -> Patience:
        """
        Have patience for so many seconds.
        """
        return Patience("x", limit, lambda: self.now)

    def test_unlimited(self) -> None:
        """
        Without a limit each attempt may take any time, and a server that gives
        up is told as it is.
        """
        patience = self.patience(None)
        self.now += 1e6
        self.assertIs(patience.attempt(), None)
        late = TimedOut("no answer")
        self.assertIs(patience.over(late), late)

    def test_limited(self) -> None:
        """
        All attempts together take no longer than they may.
        """
        patience = self.patience(30.0)
        self.assertEqual(patience.attempt(), 30.0)
        self.now += 20.0
        self.assertEqual(patience.attempt(), 10.0)
        self.now += 20.0
        self.assertEqual(patience.attempt(), 0.0)
        said = str(patience.over(TimedOut("no answer")))
        self.assertIn("job x has not ended within 30 s", said)

    def test_lasting(self) -> None:
        """
        A connection that has lasted was a good one: pauses begin anew.
        """
        patience = self.patience(None)
        delays = []
        for lasted in (0.0, 1.0, 61.0, 0.0):
            patience.attempt()
            self.now += lasted
            patience.lost()
            delays.append(patience.another(LOST).delay)
        self.assertEqual(delays, [1.0, 2.0, 1.0, 2.0])
