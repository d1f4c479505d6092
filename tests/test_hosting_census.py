"""
What proc(5) says, understood.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.hosting.census import Entry, parse

_REST = b" 0 0 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 8192 200 18446744073709551615"


class ParseTests(SynchronousTestCase):
    """
    The line about a process is understood, whatever that is called.
    """

    def test_line(self) -> None:
        """
        The fields are those of proc(5).
        """
        stat = (
            b"1234 (sleep) S 1200 1234 1233 34816 1300 4194304 105 0 0 0 0 0 0 0 20 0 "
            b"1 0 987654321 5632000 138 18446744073709551615 1 1 0 0 0 0\n"
        )
        entry = Entry(1234, 1200, 1234, 1233, 987654321, "S")
        self.assertEqual(parse(stat), entry)
        self.assertFalse(entry.dead)

    def test_dead(self) -> None:
        """
        Zombies and what is just vanishing are dead; what is stopped is not.
        """
        for state, dead in (("Z", True), ("X", True), ("T", False), ("D", False)):
            self.assertEqual(Entry(1, 1, 1, 1, 1, state).dead, dead)

    def test_firstThreadGone(self) -> None:
        """
        A process whose first thread has ended, and no other, is alive.
        """
        stat = b"7 (python) Z 1 2 3 0 -1 0 0 0 0 0 0 2 0 0 20 0 2 0 2546480 0 0"
        self.assertEqual(parse(stat), Entry(7, 1, 2, 3, 2546480, "Z", threads=2))
        self.assertFalse(parse(stat).dead)

    @given(st.binary(max_size=15), st.integers(0, 2**63))
    def test_names(self, name: bytes, start: int) -> None:
        """
        The name of a program may be anything, parentheses and newlines among
        it, and does not change what is understood.
        """
        stat = b"7 (%b) Z 1 2 3" % name + _REST % start
        self.assertEqual(parse(stat), Entry(7, 1, 2, 3, start, "Z"))
