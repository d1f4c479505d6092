"""
Who has to give way at the door.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.door.crowd import Crowd


class CrowdTests(SynchronousTestCase):
    """
    L{Crowd} finds the one who can best be spared.
    """

    def test_oldest(self) -> None:
        """
        Among equals, the oldest has to go.
        """
        crowd: Crowd[str] = Crowd()
        for name in "abc":
            crowd.add(name, name)
        self.assertEqual(crowd.burden(), "a")

    def test_mostFrequent(self) -> None:
        """
        Who comes alone stays while another host has many.
        """
        crowd: Crowd[str] = Crowd()
        crowd.add("lonely", "a")
        crowd.add("first", "b")
        crowd.add("second", "b")
        self.assertEqual(crowd.burden(), "first")
        crowd.discard("first")
        self.assertEqual(crowd.burden(), "lonely")

    def test_nobody(self) -> None:
        """
        Nobody has to go where nobody is, and who is not there need not leave.
        """
        crowd: Crowd[str] = Crowd()
        crowd.discard("a")
        self.assertEqual(len(crowd), 0)
        self.assertRaises(IndexError, crowd.burden)

    # Few hosts, so that they meet.
    @given(st.lists(st.tuples(st.booleans(), st.integers(0, 20), st.integers(0, 3))))
    def test_counts(self, steps: list[tuple[bool, int, int]]) -> None:
        """
        Whatever came and went, the one who has to go is the oldest of a host
        that has most.
        """
        crowd: Crowd[int] = Crowd()
        model: dict[int, str] = {}
        for joins, member, host in steps:
            if joins and member not in model:
                crowd.add(member, str(host))
                model[member] = str(host)
            elif not joins:
                crowd.discard(member)
                model.pop(member, None)
            self.assertEqual(len(crowd), len(model))
            if model:
                hosts = [*model.values()]
                most = max(map(hosts.count, hosts))
                expected = next(m for m, h in model.items() if hosts.count(h) == most)
                self.assertEqual(crowd.burden(), expected)
