"""
Sizes and times are read as people mean them.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.quantities import parseSize, parseTime


class QuantityTests(SynchronousTestCase):
    """
    What is no size or time is refused.
    """

    def test_sizes(self) -> None:
        """
        Units are powers of 1024, written in all the ways that there are.
        """
        rows = {
            "0": 0,
            "17": 17,
            "1K": 1024,
            "1k": 1024,
            "2 MiB": 2 * 2**20,
            "1.5G": 3 * 2**29,
            " 1TB ": 2**40,
        }
        for text, size in rows.items():
            self.assertEqual(parseSize(text), size, text)

    def test_times(self) -> None:
        """
        A time without a unit is in seconds.
        """
        rows = {"0": 0, "90": 90, "1.5s": 1.5, "10m": 600, "12h": 43200, "7d": 604800}
        for text, seconds in rows.items():
            self.assertEqual(parseTime(text), seconds, text)

    def test_refused(self) -> None:
        """
        What is refused is named, and an example given.
        """
        for text in ("", "x", "-1", "1 2", "1e3", "nan", "1Q", "\u0661", "1K\n1"):
            for parse in (parseSize, parseTime):
                error = self.assertRaises(ValueError, parse, text)
                self.assertIn(repr(text), str(error))
                self.assertIn("write", str(error))

    @given(st.integers(0, 2**60))
    def test_bytes(self, size: int) -> None:
        """
        A plain number is itself, however great.
        """
        self.assertEqual(parseSize(str(size)), size)
