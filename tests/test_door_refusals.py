"""
The log of those who were turned away.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import EventLoggingObserver
from twisted.logger import LogLevel, globalLogPublisher
from twisted.trial.unittest import TestCase

from jobworker.door.refusals import BURST, WINDOW, RefusalLog


class RefusalTests(TestCase):
    """
    L{RefusalLog} says everything once, and never too much.
    """

    def setUp(self) -> None:
        """
        Begin a log.
        """
        self.clock = Clock()
        self.refusals = RefusalLog(self.clock)
        self.observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)

    def test_note(self) -> None:
        """
        A refusal is logged with its address and its cause; as a warning only
        if it is our fault.
        """
        self.refusals.note("127.0.0.1:1", "not TLS")
        self.refusals.note("127.0.0.1:2", "no server", ours=True)
        self.assertEqual(
            [(e["address"], e["cause"], e["log_level"]) for e in self.observer],
            [
                ("127.0.0.1:1", "not TLS", LogLevel.info),
                ("127.0.0.1:2", "no server", LogLevel.warn),
            ],
        )

    def test_burst(self) -> None:
        """
        Of too many within a minute, it is said at its end how many more there
        were; then each one is logged again.
        """
        for number in range(BURST + 7):
            self.refusals.note(f"127.0.0.1:{number}", "not TLS")
        self.assertEqual(len(self.observer), BURST)
        self.clock.advance(WINDOW)
        self.assertEqual([e["count"] for e in [*self.observer][BURST:]], [7])
        self.refusals.note("127.0.0.1:1", "not TLS")
        self.assertEqual(len(self.observer), BURST + 2)
        self.assertEqual(self.refusals.refused, BURST + 8)

    def test_quiet(self) -> None:
        """
        A minute with few refusals ends without a word.
        """
        self.refusals.note("127.0.0.1:1", "not TLS")
        self.clock.advance(WINDOW)
        self.assertEqual(len(self.observer), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_close(self) -> None:
        """
        At the end what was held back is said, and no call is left behind.
        """
        for number in range(BURST + 1):
            self.refusals.note(f"127.0.0.1:{number}", "not TLS")
        self.refusals.close()
        self.refusals.close()
        self.assertEqual([*self.observer][-1]["count"], 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
