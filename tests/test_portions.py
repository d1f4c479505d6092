"""
How much is given at a time.
"""

from __future__ import annotations

from itertools import count

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.conditions import Conditions
from jobworker.jobs import Command
from jobworker.portions import MOST, ROOM, portion, weigh
from jobworker.specification import Specification
from tests.contracts import exampleRecord

#: What items may weigh.
weights = st.lists(st.integers(0, ROOM + 1) | st.just(ROOM // 4), max_size=12)


class PortionTests(SynchronousTestCase):
    """
    As many are given as are wanted and have room.
    """

    @given(weights, st.integers(1, 14))
    def test_greatest(self, items: list[int], limit: int) -> None:
        """
        What is taken is the beginning, and no longer one would do: it would be
        more than is wanted, or have no room.  The first has room in any case.
        """
        taken, more = portion(items, lambda item: item, limit)
        self.assertEqual([*taken], items[: len(taken)])
        self.assertEqual(more, len(taken) < len(items))
        self.assertTrue(len(taken) <= 1 or sum(taken) <= ROOM)
        self.assertLessEqual(len(taken), limit)
        if more:
            another = sum(items[: len(taken) + 1])
            self.assertTrue(len(taken) == limit or another > ROOM)
            self.assertTrue(taken)

    def test_most(self) -> None:
        """
        There is a limit that nobody can raise, and what is behind it is not
        looked at but for whether it is there.
        """
        items = count()
        taken, more = portion(items, lambda _: 0, MOST + 5)
        self.assertEqual((len(taken), more), (MOST, True))
        self.assertEqual(next(items), MOST + 1)


class WeighTests(SynchronousTestCase):
    """
    A job weighs about as much as is said of it.
    """

    def test_all(self) -> None:
        """
        Whatever may be long counts.
        """
        text = "x" * 1000
        for command in (
            Command(text),
            Command("a", (text,)),
            Command("a", ("",) * 1000),
            Command("a", (), Specification(environment={"A": text})),
            Command("a", (), Specification(labels={text: ""})),
            Command("a", (), Specification(directory=text)),
            Command("a", (), Specification(name=text)),
            Command("a", (), Specification(key=text)),
        ):
            record = exampleRecord(1, command=command)
            self.assertGreaterEqual(weigh(record), 1000)
        usual = Conditions("/", 0, 0, (), 0, "", 0, "", ())
        for record in (
            evolve(exampleRecord(), owner=text),
            evolve(exampleRecord(), conditions=evolve(usual, directory=text)),
            evolve(exampleRecord(), conditions=evolve(usual, variables=(text,))),
        ):
            self.assertGreaterEqual(weigh(record), 1000)
