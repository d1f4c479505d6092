"""
What a job store promises of its journal, as tests for whoever claims to keep
one.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from attrs import evolve

from twisted.trial.unittest import TestCase

from jobworker.changes import Change, Changes, JournalPlace, Kind
from jobworker.errors import PlaceLost, StorageFailed
from jobworker.interfaces.store import IJobStore
from jobworker.jobs import FORCED, Command, Record, Status, Stop, Usage
from jobworker.life import CommandExited, Drained, Event, StopRequested, advance
from jobworker.queries import Query
from jobworker.specification import Specification
from tests.contracts import exampleRecord

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


def lifeOf(record: Record) -> list[Record]:
    """
    Let a job be stopped, exit and end.
    """
    life: list[Event] = [
        StopRequested(Stop("bob é\udc80", FORCED, 12, reason="so")),
        CommandExited(Status(signal=9), Usage(1, 2)),
        Drained(13),
    ]
    return list(accumulate(life, advance, initial=record))


class JournalTests(_Base):
    """
    Every change is kept once, in order, with the job as it was then.
    """

    store: IJobStore

    #: The time that the store believes it is.
    TIME = 1_800_000_000_000_000_000

    def makeStore(self, kept: int) -> IJobStore:
        """
        Make an empty store that keeps so many changes, in groups of 1,000,
        and believes in C{TIME}.  The test closes it.
        """
        raise NotImplementedError

    def setUp(self) -> None:
        """
        Make a store.
        """
        self.store = self.makeStore(2000)
        self.addCleanup(lambda: self.store.close())

    async def live(self, record: Record) -> list[Record]:
        """
        Let the store see a job through.
        """
        life = lifeOf(record)
        await self.store.add(life[0])
        for each in life[1:]:
            await self.store.update(each)
        return life

    async def since(self, revision: int, limit: int = 1000) -> Changes:
        """
        Read on behind a revision.
        """
        end = (await self.store.changes(None, 1)).place
        return await self.store.changes(evolve(end, revision=revision), limit)

    def told(self, first: int, kind: Kind, *records: Record) -> list[Change]:
        """
        Make the changes that follow each other from a revision on.
        """
        return [
            Change(first + number, kind, self.TIME, record)
            for number, record in enumerate(records)
        ]

    async def test_empty(self) -> None:
        """
        Where nothing has happened the journal ends at its beginning.
        """
        end = await self.store.changes(None, 10)
        self.assertEqual((end.place.revision, end.changes, end.more), (0, (), False))
        self.assertEqual(await self.store.changes(end.place, 10), end)

    async def test_life(self) -> None:
        """
        Each change of a job is told as it was then, also when the job has
        changed since and when it is gone.
        """
        record = exampleRecord(1, command=Command("é\udc80", ("", "\n")), created=5)
        life = await self.live(record)
        expected = [
            *self.told(1, Kind.STARTED, life[0]),
            *self.told(2, Kind.CHANGED, *life[1:3]),
            *self.told(4, Kind.ENDED, life[3]),
        ]
        self.assertEqual([*(await self.since(0)).changes], expected)
        await self.store.delete(record.identifier)
        expected += self.told(5, Kind.DELETED, life[3])
        found = await self.since(0)
        self.assertEqual([*found.changes], expected)
        self.assertEqual((found.place.revision, found.more), (5, False))

    async def test_endedTwice(self) -> None:
        """
        The end of a job is told once, though it is stored again.
        """
        life = await self.live(exampleRecord(1))
        again = [self.store.update(life[-1]), self.store.add(exampleRecord(2))]
        for each in again:
            await each
        found = (await self.since(3)).changes
        self.assertEqual(
            [(each.revision, each.kind) for each in found],
            [(4, Kind.ENDED), (5, Kind.STARTED)],
        )
        self.assertEqual(await self.store.find(life[0].identifier), life[-1])

    async def test_goOn(self) -> None:
        """
        However few changes are taken at a time, each comes once and in order.
        """
        for number in range(4):
            await self.live(exampleRecord(number))
        everything = (await self.since(0)).changes
        seen: list[Change] = []
        found = await self.since(0, 3)
        while True:
            seen += found.changes
            self.assertLessEqual(len(found.changes), 3)
            self.assertEqual(found.place.revision, seen[-1].revision)
            if not found.more:
                break
            found = await self.store.changes(found.place, 3)
        self.assertEqual(seen, [*everything])
        self.assertEqual([each.revision for each in seen], [*range(1, 17)])

    async def test_together(self) -> None:
        """
        Changes that are asked for together have the revisions of that order,
        and what failed has none.
        """
        records = [exampleRecord(number) for number in range(5)]
        changes = [self.store.add(record) for record in records[:2]]
        bad = [
            self.store.add(exampleRecord(0)),
            self.store.update(exampleRecord(9)),
        ]
        changes += [self.store.add(record) for record in records[2:]]
        for refused in bad:
            with self.assertRaises(StorageFailed):
                await refused
        for change in changes:
            await change
        self.assertEqual(
            [*(await self.since(0)).changes], self.told(1, Kind.STARTED, *records)
        )

    async def test_settled(self) -> None:
        """
        One can look for the jobs that have not changed since a revision: with
        the changes from there on that is everything, and nothing twice.
        """
        await self.store.add(exampleRecord(1))
        await self.store.add(exampleRecord(2))
        await self.store.add(exampleRecord(3))
        await self.store.update(lifeOf(exampleRecord(2))[1])
        for settled, numbers in ((0, []), (1, [1]), (3, [3, 1]), (4, [3, 2, 1])):
            page = await self.store.search(Query(settled=settled))
            found = [record.process.pid - 1000 for record in page.records]
            self.assertEqual(found, numbers)

    async def test_secrets(self) -> None:
        """
        Of a job that was deleted no value of a variable is kept, and no more
        of its arguments than some.
        """
        wanted = Specification(environment={"SECRET": "hush"}, labels={"a": "b"})
        command = Command("x" * 9000, ("short", "y" * 9000, "z"), wanted)
        await self.store.add(lifeOf(exampleRecord(1, command=command))[-1])
        await self.store.delete(exampleRecord(1).identifier)
        for change in (await self.since(0)).changes:
            kept = change.record.command
            self.assertEqual(kept.specification, wanted.public())
            self.assertEqual((kept.program, kept.arguments), ("x" * 4096, ("short",)))

    async def test_again(self) -> None:
        """
        A job that is added again after it was deleted is another one.
        """
        for owner in ("alice", "bob"):
            await self.store.add(lifeOf(exampleRecord(1, owner=owner))[-1])
            await self.store.delete(exampleRecord(1).identifier)
        self.assertEqual(
            [change.record.owner for change in (await self.since(0)).changes],
            ["alice", "alice", "bob", "bob"],
        )

    async def test_old(self) -> None:
        """
        Changes that are too old are not kept, and who wants them is told so;
        those that are kept can be read.
        """
        adding = [self.store.add(exampleRecord(number)) for number in range(3500)]
        for each in adding:
            await each
        with self.assertRaises(PlaceLost) as refusal:
            await self.since(10)
        self.assertIn("not kept any more", str(refusal.exception))
        found = await self.since(1500)
        self.assertEqual(found.changes[0].revision, 1501)

    async def test_nothingKept(self) -> None:
        """
        Revisions rise though what had them is not kept.
        """
        await self.store.close()
        self.store = self.makeStore(0)
        adding = [self.store.add(exampleRecord(number)) for number in range(1000)]
        for each in adding:
            await each
        await self.store.add(exampleRecord(1000))
        end = await self.store.changes(None, 1)
        self.assertEqual(end.place.revision, 1001)

    async def test_lost(self) -> None:
        """
        A place of another journal is refused, and one that this journal has
        not come to.
        """
        await self.store.add(exampleRecord(1))
        end = (await self.store.changes(None, 1)).place
        for place, said in (
            (JournalPlace("0" * 32, 1), "another job table"),
            (evolve(end, revision=2), "the last there is is 1"),
        ):
            with self.assertRaises(PlaceLost) as refusal:
                await self.store.changes(place, 10)
            self.assertIn(said, str(refusal.exception))

    async def test_long(self) -> None:
        """
        Of changes of jobs with long command lines there are fewer at a time,
        but one at least.
        """
        command = Command("echo", ("x" * 200_000,))
        for number in range(3):
            await self.store.add(exampleRecord(number, command=command))
        found = await self.since(0)
        self.assertEqual((len(found.changes), found.more), (1, True))
