"""
Limits at the door fit what the process may have.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.door.limits import Limits, fittingLimits


class FittingTests(SynchronousTestCase):
    """
    Visitors never take the last descriptor.
    """

    def test_enough(self) -> None:
        """
        With many descriptors there is what was asked for.
        """
        self.assertEqual(fittingLimits(Limits(), 2**20), Limits())

    def test_few(self) -> None:
        """
        With few, fewer may come, and half of them may be in handshake.
        """
        found = fittingLimits(Limits(), 64)
        self.assertEqual((found.connections, found.handshakes), (8, 4))

    def test_fewest(self) -> None:
        """
        Somebody may always come.
        """
        found = fittingLimits(Limits(), 16)
        self.assertEqual((found.connections, found.handshakes), (2, 1))
