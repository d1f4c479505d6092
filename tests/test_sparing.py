"""
Nobody can fill a log by doing something again and again.
"""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.sparing import Sparing


class SparingTests(SynchronousTestCase):
    """
    A window has room for some events; of the rest the number is known.
    """

    def test_take(self) -> None:
        """
        What was left out is told with the first event of the next window.
        """
        clock = Clock()
        sparing = Sparing(2, 60.0, clock.seconds)
        self.assertEqual([sparing.take() for _ in range(5)], [0, 0, None, None, None])
        clock.advance(59.9)
        self.assertIsNone(sparing.take())
        clock.advance(0.2)
        self.assertEqual([sparing.take() for _ in range(3)], [4, 0, None])
