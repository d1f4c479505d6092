"""
What is known of jobs without asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from attrs import evolve

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock

from jobworker.errors import NoSuchJob, RosterUnreachable, ShuttingDown
from jobworker.jobs import FORCED, Phase, Record, Stop
from jobworker.rpc.board import Board, Poster
from jobworker.rpc.bridge import Bridge
from jobworker.rpc.follower import Follower
from tests.contracts import exampleRecord
from tests.lives import ended
from tests.loops import ImmediateReactor, LoopTestCase
from tests.memoryroster import MemoryRoster


class CountingRoster(MemoryRoster):
    """
    A roster that counts how often it is asked.

    @ivar asked: For which jobs.
    @ivar away: Whether it cannot be reached.
    """

    asked: list[str]
    away: bool

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job.
        """
        self.asked.append(identifier)
        return (
            fail(RosterUnreachable("away")) if self.away else super().find(identifier)
        )


class BoardTestCase(LoopTestCase):
    """
    A board that is told what a roster does.
    """

    def setUp(self) -> None:
        """
        Make a board that remembers two jobs that have ended.
        """
        super().setUp()
        self.roster = CountingRoster(Clock())
        self.roster.asked, self.roster.away = [], False
        self.bridge = Bridge(ImmediateReactor(), self.loop)
        self.board = Board(self.loop, self.bridge, self.roster, 5.0, 2)
        self.poster = Poster(self.bridge, self.board)
        self.successResultOf(self.roster.subscribe(self.poster))

    def put(self, *records: Record) -> None:
        """
        Let jobs change, and the board have seen it.
        """
        for record in records:
            self.roster.put(record)
        self.turn()

    def find(self, record: Record) -> Record:
        """
        Look up a job on the board.
        """
        return self.run_(self.board.find(record.identifier))


class FindTests(BoardTestCase):
    """
    Looking up asks as little as possible.
    """

    def test_running(self) -> None:
        """
        Of jobs that have not ended all is known, as it is now.
        """
        records = [exampleRecord(number) for number in range(10)]
        self.put(*records)
        draining = evolve(records[3], phase=Phase.DRAINING)
        self.put(draining)
        self.assertEqual(self.find(records[3]), draining)
        self.assertEqual(self.find(records[9]), records[9])
        self.assertEqual(self.roster.asked, [])

    def test_ended(self) -> None:
        """
        Some jobs that ended lately are remembered; for others the roster is
        asked, and then they are.
        """
        records = [ended(exampleRecord(number)) for number in range(3)]
        self.put(*records)
        self.assertEqual(self.find(records[2]), records[2])
        self.assertEqual(self.roster.asked, [])
        for _ in range(2):
            self.assertEqual(self.find(records[0]), records[0])
        self.assertEqual(self.roster.asked, [records[0].identifier])

    def test_end(self) -> None:
        """
        A job that ends is not both running and ended.
        """
        record = exampleRecord()
        self.put(record, ended(record))
        self.assertEqual(self.find(record), ended(record))

    def test_unknown(self) -> None:
        """
        A job that does not exist is not found.
        """
        with self.assertRaises(NoSuchJob):
            self.find(exampleRecord())

    def test_forgetFound(self) -> None:
        """
        A job that is deleted just after it was found is not remembered.
        """
        record = ended(exampleRecord())
        self.put(record)
        self.board.forget(record.identifier)

        async def find() -> Record:
            finding = asyncio.create_task(self.board.find(record.identifier))
            await asyncio.sleep(0)
            self.assertEqual(self.roster.asked, [record.identifier])
            self.successResultOf(self.roster.delete(record.identifier))
            return await finding

        self.assertEqual(self.run_(find()), record)
        with self.assertRaises(NoSuchJob):
            self.find(record)

    def test_forget(self) -> None:
        """
        A job that was deleted is asked for again.
        """
        record = ended(exampleRecord())
        self.put(record)
        self.successResultOf(self.roster.delete(record.identifier))
        self.turn()
        with self.assertRaises(NoSuchJob):
            self.find(record)

    def test_notEndedIsNotKept(self) -> None:
        """
        What the roster answers of a job that runs is not remembered, because
        nobody would say that it changes.
        """
        self.roster.unsubscribe(self.poster)
        record = exampleRecord()
        self.put(record)
        for _ in range(2):
            self.assertEqual(self.find(record), record)
        self.assertEqual(len(self.roster.asked), 2)


class FollowTests(BoardTestCase):
    """
    Followers are woken, and only when there is something.
    """

    def following(self, record: Record, body: Callable[[Follower], Any]) -> Any:
        """
        Follow a job.

        @param body: A coroutine function, called with the follower.
        """

        async def follow() -> Any:
            async with self.board.following(record) as follower:
                return await body(follower)

        return follow()

    def test_news(self) -> None:
        """
        Growth and change wake who waits.
        """
        record = exampleRecord()
        self.put(record)

        async def body(follower: Follower) -> list[object]:
            seen: list[object] = [await follower.wait(10), follower.ended]
            seen += [await follower.wait(10), follower.ended]
            return seen

        task = self.begin(self.following(record, body))
        self.assertFalse(task.done())
        self.roster.grow(record.identifier)
        self.turn()
        self.put(ended(record))
        self.assertEqual(self.end(task), [True, False, True, True])

    def test_rungBefore(self) -> None:
        """
        News that came before the wait are news.
        """
        record = exampleRecord()
        self.put(record)

        async def body(follower: Follower) -> bool:
            follower.ring()
            follower.ring()
            return await follower.wait(10) and not await follower.wait(0)

        self.assertTrue(self.run_(self.following(record, body)))

    def test_quiet(self) -> None:
        """
        Without news the wait ends after its time.
        """
        record = exampleRecord()
        self.put(record)

        async def body(follower: Follower) -> bool:
            return await follower.wait(0.001)

        self.assertFalse(self.run_(self.following(record, body)))

    def test_others(self) -> None:
        """
        What happens to other jobs wakes nobody.
        """
        record, other = exampleRecord(1), exampleRecord(2)
        self.put(record, other)
        self.roster.follow(other.identifier)

        async def body(follower: Follower) -> bool:
            self.roster.grow(other.identifier)
            self.roster.put(ended(other))
            return await follower.wait(0.001)

        self.assertFalse(self.run_(self.following(record, body)))

    def test_followed(self) -> None:
        """
        The roster is told who is followed, and for how long.
        """
        record = exampleRecord()
        self.put(record)

        async def body(follower: Follower) -> int:
            return self.roster.followed[record.identifier]

        self.assertEqual(self.run_(self.following(record, body)), 1)
        self.assertEqual(self.roster.followed[record.identifier], 0)

    def test_cancelled(self) -> None:
        """
        A follower who leaves in the middle is forgotten.
        """
        record = exampleRecord()
        self.put(record)
        task = self.begin(self.following(record, lambda each: each.wait(10)))
        task.cancel()
        self.turn()
        self.assertTrue(task.cancelled())
        self.assertEqual(self.roster.followed[record.identifier], 0)
        self.put(ended(record))

    def test_ended(self) -> None:
        """
        To follow a job that has ended takes nobody's time.
        """
        record = ended(exampleRecord())

        async def body(follower: Follower) -> bool:
            return follower.ended

        self.assertTrue(self.run_(self.following(record, body)))
        self.assertEqual(self.roster.asked, [])
        self.assertEqual(self.roster.followed, {})

    def test_endsMeanwhile(self) -> None:
        """
        A job that has ended before it could be followed is known to have.
        """
        record = exampleRecord()
        self.roster.unsubscribe(self.poster)
        self.put(ended(record))

        async def body(follower: Follower) -> bool:
            return follower.ended

        self.assertTrue(self.run_(self.following(record, body)))

    def test_away(self) -> None:
        """
        A job can be followed while the roster cannot be reached.
        """
        record = exampleRecord()
        self.put(record)
        self.roster.away = True

        async def body(follower: Follower) -> Record:
            return follower.record

        self.assertEqual(self.run_(self.following(record, body)), record)

    def test_whenEnded(self) -> None:
        """
        Everybody who waits for the end of a job is told of it, and the log is
        not followed for that.
        """
        record = exampleRecord()
        self.put(record)
        tasks = [self.begin(self.board.whenEnded(record)) for _ in range(3)]
        self.turn()
        tasks.pop().cancel()
        self.put(evolve(record, stop=Stop("bob", FORCED, 1)))
        self.assertFalse(any(task.done() for task in tasks))
        self.put(ended(record))
        for task in tasks:
            self.assertEqual(self.end(task), ended(record))
        self.assertEqual(self.roster.followed, {})
        self.assertEqual(self.board._followers, {})

    def test_whenEndedAlready(self) -> None:
        """
        The end of a job that has ended is known at once, also if it ended
        when nobody looked.
        """
        record = exampleRecord()
        last = self.run_(self.board.whenEnded(ended(record)))
        self.assertEqual(last, ended(record))
        self.roster.unsubscribe(self.poster)
        self.put(ended(record))
        self.assertEqual(self.run_(self.board.whenEnded(record)), ended(record))

    def test_whenEndedClosing(self) -> None:
        """
        Who waits for a job is told when the service ends first.
        """
        record = exampleRecord()
        self.put(record)
        task = self.begin(self.board.whenEnded(record))
        self.turn()
        self.board.close()
        with self.assertRaises(ShuttingDown):
            self.end(task)

    def test_close(self) -> None:
        """
        When the service ends, who waits is told so, and so is who comes.
        """
        record = exampleRecord()
        self.put(record)
        task = self.begin(self.following(record, lambda each: each.wait(10)))
        self.board.close()
        with self.assertRaises(ShuttingDown):
            self.end(task)

        async def body(follower: Follower) -> None:
            follower.requireOpen()

        for late in (record, ended(record)):
            with self.assertRaises(ShuttingDown):
                self.run_(self.following(late, body))

    def test_growthsAreOne(self) -> None:
        """
        Many growths that nobody has seen yet are posted once.
        """
        posted: list[object] = []

        class Posting:
            def post(self, what: object, *arguments: object) -> None:
                posted.append(arguments)

        poster = Poster(cast(Bridge, Posting()), self.board)
        for identifier in ("a", "b", "a", "a"):
            poster.logGrew(identifier)
        self.assertEqual(posted, [("a",), ("b",)])

    def test_growthsAfter(self) -> None:
        """
        A growth after one that was seen is posted again.
        """
        record = exampleRecord()
        self.put(record)

        async def body(follower: Follower) -> list[bool]:
            seen = []
            for _ in range(3):
                self.roster.grow(record.identifier)
                seen.append(await follower.wait(10))
            return seen

        self.assertEqual(self.run_(self.following(record, body)), [True] * 3)

    def test_crowd(self) -> None:
        """
        Many followers are told of growth at intervals, and then of all there
        was; what becomes of the job they are told at once.
        """
        record = exampleRecord()
        self.put(record)
        seen: list[bool] = []

        async def body(follower: Follower) -> None:
            while not follower.ended:
                seen.append(await follower.wait(10))

        tasks = [self.begin(self.following(record, body)) for _ in range(60)]
        goOn = self.stopTime()
        for _ in range(3):
            self.roster.grow(record.identifier)
            self.turn()
        self.assertEqual(seen, [True] * 60)
        goOn()

        async def until() -> None:
            while len(seen) < 120:
                await asyncio.sleep(0)

        self.run_(until())
        self.put(ended(record))
        for task in tasks:
            self.end(task)
        self.assertEqual(seen, [True] * 180)
