"""
How those who are sent many messages leave time to others.
"""

from __future__ import annotations

import asyncio

from twisted.trial.unittest import SynchronousTestCase

from jobworker.rpc.pace import Pace
from tests.loops import lastingLoop


class PaceTests(SynchronousTestCase):
    """
    Steps in a loop.
    """

    def setUp(self) -> None:
        """
        Have a pace of two steps a turn.
        """
        self.loop = lastingLoop()
        self.pace = Pace(self.loop, 2)
        self.taken: list[str] = []

    def begin(self, caller: str, steps: int) -> asyncio.Task[None]:
        """
        Have somebody take steps for as long as they come.
        """

        async def walk() -> None:
            for _ in range(steps):
                await self.pace.step(caller)
                self.taken.append(caller)

        return self.loop.create_task(walk())

    def turn(self) -> None:
        """
        Let the loop turn once.
        """
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def test_turns(self) -> None:
        """
        However many want to take steps, few are taken in each turn of the loop,
        and in the end all.
        """
        tasks = [self.begin("alice", 3) for _ in range(10)]
        before = 0
        while not all(task.done() for task in tasks):
            self.turn()
            self.assertLessEqual(len(self.taken) - before, 2)
            before = len(self.taken)
        self.assertEqual(self.taken, ["alice"] * 30)
        self.turn()
        self.assertFalse(self.pace._turning)

    def test_alone(self) -> None:
        """
        Who is alone need not wait.
        """
        waiting = self.pace.step("alice")
        self.assertRaises(StopIteration, waiting.send, None)

    def test_callers(self) -> None:
        """
        Who wants little gets it among the first, however much another wants.
        """
        many = [self.begin("alice", 1) for _ in range(100)]
        self.turn()
        few = self.begin("bob", 1)
        while not few.done():
            self.turn()
        self.assertLess(len(self.taken), 20)
        self.loop.run_until_complete(asyncio.gather(*many))
        self.assertEqual(self.taken.count("alice"), 100)

    def test_left(self) -> None:
        """
        Who does not wait any more takes nobody's step.
        """
        tasks = [self.begin("alice", 1) for _ in range(10)]
        self.turn()
        for task in tasks[2:9]:
            task.cancel()
        last = tasks[9]
        for _ in range(5):
            self.turn()
        self.assertTrue(last.done())
        self.assertEqual(len(self.taken), 3)
