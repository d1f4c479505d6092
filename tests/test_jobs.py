"""
What is known of a job.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Status


class StatusTests(SynchronousTestCase):
    """
    A status is a code or a signal.
    """

    @given(st.integers(0, 255), st.integers(1, 64))
    def test_xor(self, code: int, signal: int) -> None:
        """
        It is never both, and never neither.
        """
        self.assertRaises(ValueError, Status, code=code, signal=signal)
        self.assertRaises(ValueError, Status)
        self.assertEqual(Status(code=code).signal, None)
        self.assertEqual(Status(signal=signal).code, None)
