"""
Turns at what only a few may do at a time.
"""

from __future__ import annotations

import asyncio

from jobworker.rpc.turns import Shares, Turns
from tests.loops import LoopTestCase


class TurnsTests(LoopTestCase):
    """
    No more have turns than there are, and those who wait get them in order.
    """

    def setUp(self) -> None:
        """
        There are two, which are taken, and some who wait.
        """
        super().setUp()
        self.turns = Turns(self.loop, 2)
        self.tasks = [self.loop.create_task(self.turns.take()) for _ in range(5)]
        self.turn()

    def having(self) -> list[int]:
        """
        Find out who got a turn.
        """
        return [n for n, each in enumerate(self.tasks) if _succeeded(each)]

    def test_order(self) -> None:
        """
        A turn that is given back is that of whoever came next.
        """
        self.assertEqual(self.having(), [0, 1])
        self.turns.giveBack()
        self.turn()
        self.assertEqual(self.having(), [0, 1, 2])
        for _ in range(4):
            self.turns.giveBack()
        self.turn()
        self.assertEqual(self.having(), [0, 1, 2, 3, 4])
        self.assertEqual(self.turns._free, 2)

    def test_left(self) -> None:
        """
        Who has left gets none, be it at the moment at which it came.
        """
        self.tasks[2].cancel()
        self.turn()
        self.turns.giveBack()
        self.tasks[3].cancel()
        self.turn()
        self.assertEqual(self.having(), [0, 1, 4])
        for _ in range(2):
            self.turns.giveBack()
        self.assertEqual(self.turns._free, 2)


class SharesTests(LoopTestCase):
    """
    Everybody has turns of his own.
    """

    def test_names(self) -> None:
        """
        The same name has the same turns while they are used, and nothing is
        remembered of who uses none.
        """
        shares = Shares(self.loop, 1)
        alice, bob = shares.of("alice"), shares.of("bob")
        self.assertIs(shares.of("alice"), alice)
        self.assertIsNot(alice, bob)
        del alice
        self.assertEqual(list(shares._turns), ["bob"])


def _succeeded(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled()
