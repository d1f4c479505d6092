"""
The contracts of the interfaces, as tests for whoever claims to provide them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zope.interface.verify import verifyObject

from attrs import evolve

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from jobworker.errors import NoSuchJob, ShuttingDown, StorageFailed
from jobworker.interfaces.store import IJobStore
from jobworker.jobs import FORCED, Cause, Command, ProcessIdentity, Record, Status, Stop
from jobworker.life import CommandExited, Drained, Event, Lost, StopRequested, advance
from jobworker.queries import Page, Query
from jobworker.specification import NOTHING, Specification
from tests.lives import ended

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


def exampleRecord(number: int = 0, **changes: Any) -> Record:
    """
    Make the record of a job that runs.

    @param number: Makes jobs different, and the greater the younger.
    """
    record = Record(
        identifier=f"00000000-0000-4000-8000-{number:012}",
        command=Command("sleep", ("1", "", "é\n")),
        owner="alice",
        process=ProcessIdentity(1000 + number, 5000, "a boot"),
        started=1_700_000_000_000_000_000 + number,
    )
    return evolve(record, **changes)


class IJobStoreTests(_Base):
    """
    What a job store promises.
    """

    store: IJobStore

    def makeStore(self) -> IJobStore:
        """
        Make an empty store, which the test closes.
        """
        raise NotImplementedError

    def setUp(self) -> None:
        """
        Make a store.
        """
        self.store = self.makeStore()
        self.addCleanup(lambda: self.store.close())

    def test_interface(self) -> None:
        """
        A store provides L{IJobStore}.
        """
        self.assertTrue(verifyObject(IJobStore, self.store))

    async def test_add(self) -> None:
        """
        What was added is found as it was, and nothing else is.
        """
        await self.store.add(exampleRecord(1))
        await self.store.add(exampleRecord(2))
        self.assertEqual(
            await self.store.find(exampleRecord(1).identifier), exampleRecord(1)
        )
        await self.assertFailure(
            self.store.find(exampleRecord(3).identifier), NoSuchJob
        )

    async def test_oddIdentifiers(self) -> None:
        """
        One can look for anything.
        """
        await self.store.add(exampleRecord())
        for odd in ("", "%", "\0", "\udc80", "' OR 1=1 --", "x" * 100_000):
            await self.assertFailure(self.store.find(odd), NoSuchJob)

    async def test_addTwice(self) -> None:
        """
        A job cannot be added again, and stays as it was.
        """
        await self.store.add(exampleRecord(1))
        again = self.store.add(exampleRecord(1, owner="mallory"))
        await self.assertFailure(again, StorageFailed)
        self.assertEqual(
            await self.store.find(exampleRecord(1).identifier), exampleRecord(1)
        )

    async def test_update(self) -> None:
        """
        After each change the job is found as it is then.
        """
        events: list[Event] = [
            StopRequested(Stop("bob", FORCED, 12)),
            CommandExited(Status(signal=9)),
            Drained(13),
        ]
        record = exampleRecord(1)
        await self.store.add(record)
        await self.store.add(exampleRecord(2))
        for event in events:
            record = advance(record, event)
            await self.store.update(record)
            self.assertEqual(await self.store.find(record.identifier), record)
        self.assertEqual(
            await self.store.find(exampleRecord(2).identifier), exampleRecord(2)
        )

    async def test_updateUnknown(self) -> None:
        """
        What was never added cannot change, and does not come about by it.
        """
        await self.assertFailure(self.store.update(exampleRecord(1)), StorageFailed)
        self.assertEqual(await self.store.identifiers(), set())

    async def test_delete(self) -> None:
        """
        A job that was deleted is not found any more; others are.  It may be
        added again.
        """
        record = exampleRecord(1)
        await self.store.add(record)
        await self.store.add(exampleRecord(2))
        await self.store.delete(record.identifier)
        await self.assertFailure(self.store.find(record.identifier), NoSuchJob)
        self.assertEqual(await self.store.identifiers(), {exampleRecord(2).identifier})
        await self.store.add(record)
        self.assertEqual(await self.store.find(record.identifier), record)

    async def test_deleteUnknown(self) -> None:
        """
        What is not there cannot be deleted, whatever it is called.
        """
        await self.store.add(exampleRecord(1))
        for odd in (exampleRecord(2).identifier, "", "%", "\0", "\udc80"):
            await self.assertFailure(self.store.delete(odd), NoSuchJob)
        self.assertEqual(await self.store.identifiers(), {exampleRecord(1).identifier})

    async def test_search(self) -> None:
        """
        Jobs are found by what is asked for, the newest first.
        """
        lost = advance(exampleRecord(1), Lost(5, "power cut"))
        exited = advance(exampleRecord(2), CommandExited(Status(code=3)))
        records = [
            exampleRecord(0),
            lost,
            exited,
            exampleRecord(3, owner="bob é\udc80"),
            ended(exampleRecord(4), 3),
        ]
        for record in (records[number] for number in (3, 0, 4, 1, 2)):
            await self.store.add(record)
        rows: list[tuple[Query, list[int]]] = [
            (Query(), [4, 3, 2, 1, 0]),
            (Query(causes=frozenset()), [3, 2, 0]),
            (Query(running=False), [4, 1]),
            (Query(running=False, causes=frozenset({Cause.LOST})), [1]),
            (Query(running=False, causes=frozenset()), []),
            (Query(owner="bob é\udc80"), [3]),
            (Query(owner="' OR 1=1 --"), []),
            (Query(after=records[2].started), [4, 3, 2]),
            (Query(before=records[2].started), [1, 0]),
            (Query(after=records[1].started, before=records[2].started), [1]),
            (Query(prefix=records[2].identifier), [2]),
            (Query(prefix="0000"), [4, 3, 2, 1, 0]),
            (Query(prefix="0000-"), []),
            (Query(prefix="f"), []),
            (Query(behind=(records[3].started, records[3].identifier)), [2, 1, 0]),
            (Query(behind=(records[3].started, "0")), [2, 1, 0]),
            (Query(behind=(0, "")), []),
        ]
        for query, numbers in rows:
            page = await self.store.search(query)
            self.assertEqual(
                page, Page(tuple(records[number] for number in numbers)), query
            )

    async def test_searchCalled(self) -> None:
        """
        Jobs are found by their names and labels, exactly.
        """
        odd = 'a "quoted" \\ é\udc80 %\''
        given = [
            Specification(name="night", labels={"app": "web", "a.b/c-d": odd}),
            Specification(name="nigh", labels={"app": "web"}),
            Specification(name="night", labels={"app": "", "a": "b"}),
            NOTHING,
            Specification(environment={"name": "night", "app": "web"}),
        ]
        records = [
            exampleRecord(number, command=Command("true", (), each))
            for number, each in enumerate(given)
        ]
        for record in records:
            await self.store.add(record)
        rows: list[tuple[Query, list[int]]] = [
            (Query(name="night"), [2, 0]),
            (Query(name="night", limit=5, behind=(records[2].started, "0")), [0]),
            (Query(name="NIGHT"), []),
            (Query(name="night%"), []),
            (Query(labels=(("app", "web"),)), [1, 0]),
            (Query(labels=(("app", None),)), [2, 1, 0]),
            (Query(labels=(("app", ""),)), [2]),
            (Query(labels=(("a", None),)), [2]),
            (Query(labels=(("a.b/c-d", odd),)), [0]),
            (Query(labels=(("a", "b"), ("app", None))), [2]),
            (Query(labels=(("app", "web"),), name="nigh"), [1]),
            (Query(labels=(("app", "web"), ("none", None))), []),
        ]
        for query, numbers in rows:
            page = await self.store.search(query)
            found = [records.index(record) for record in page.records]
            self.assertEqual(found, numbers, query)

    async def test_searchTies(self) -> None:
        """
        Jobs that were started at the same time have an order too, so that
        each page goes on where the one before it ended.
        """
        records = [exampleRecord(number, started=7) for number in range(7)]
        for record in records:
            await self.store.add(record)
        seen: list[Record] = []
        page = Page(more=True)
        while page.more:
            behind = (seen[-1].started, seen[-1].identifier) if seen else None
            page = await self.store.search(Query(behind=behind, limit=2))
            seen += page.records
            # What was seen may go, and what is new does not come in between.
            await self.store.delete(seen[-1].identifier)
            number = 90 + len(seen)
            await self.store.add(exampleRecord(number, started=number))
        self.assertEqual(seen, records[::-1])

    async def test_searchLong(self) -> None:
        """
        Of jobs with long command lines there are fewer at a time, but one at
        least.
        """
        command = Command("echo", ("x" * 200_000,))
        for number in range(3):
            await self.store.add(exampleRecord(number, command=command))
        page = await self.store.search(Query())
        self.assertEqual((len(page.records), page.more), (1, True))

    async def test_findKey(self) -> None:
        """
        A job is found by its owner and the key of its start, until it is
        deleted.
        """
        command = Command("true", (), Specification(key="a key é"))
        record = exampleRecord(command=command)
        await self.store.add(exampleRecord(1))
        await self.store.add(record)
        self.assertEqual(await self.store.findKey("alice", "a key é"), record)
        self.assertIsNone(await self.store.findKey("alice", "another"))
        self.assertIsNone(await self.store.findKey("bob", "a key é"))
        await self.store.delete(record.identifier)
        self.assertIsNone(await self.store.findKey("alice", "a key é"))

    async def test_keyTwice(self) -> None:
        """
        Two jobs of one owner cannot have the same key.
        """
        command = Command("true", (), Specification(key="k"))
        await self.store.add(exampleRecord(1, command=command))
        await self.store.add(exampleRecord(2, command=command, owner="bob"))
        with self.assertRaises(StorageFailed):
            await self.store.add(exampleRecord(3, command=command))

    async def test_unended(self) -> None:
        """
        The jobs that have not ended are found, oldest first, however they
        were added.
        """
        exited = advance(exampleRecord(1), CommandExited(Status(code=3)))
        drained = ended(exampleRecord(2))
        lost = advance(exampleRecord(4), Lost(2, "the service died"))
        for record in (lost, exampleRecord(3), drained, exited, exampleRecord(0)):
            await self.store.add(record)
        self.assertEqual(
            await self.store.unended(), [exampleRecord(0), exited, exampleRecord(3)]
        )

    async def test_ended(self) -> None:
        """
        Jobs that have ended are found with their ends, the earliest first.
        """
        for number, at in ((0, 7), (1, 5), (2, None), (3, 9)):
            record = exampleRecord(number)
            await self.store.add(record)
            if at is not None:
                record = advance(record, Lost(at, "power cut"))
                await self.store.update(record)
        self.assertEqual(
            await self.store.ended(),
            [
                (exampleRecord(number).identifier, at)
                for number, at in ((1, 5), (0, 7), (3, 9))
            ],
        )

    async def test_identifiers(self) -> None:
        """
        The identifiers of all jobs are found, whether or not they have ended.
        """
        self.assertEqual(await self.store.identifiers(), set())
        lost = advance(exampleRecord(2), Lost(2, ""))
        await self.store.add(exampleRecord(1))
        await self.store.add(lost)
        self.assertEqual(
            await self.store.identifiers(),
            {exampleRecord(1).identifier, lost.identifier},
        )

    async def test_order(self) -> None:
        """
        Changes that are asked for together are made in the order of the
        calls.
        """
        record = exampleRecord(1)
        later = advance(record, CommandExited(Status(code=3)))
        last = advance(later, Drained(5))
        changes = [
            self.store.add(record),
            self.store.update(later),
            self.store.update(last),
        ]
        for change in changes:
            await change
        self.assertEqual(await self.store.find(record.identifier), last)

    async def test_oneBadAmongGood(self) -> None:
        """
        Of changes that are asked for together, those that can be made are.
        """
        await self.store.add(exampleRecord(0))
        good = [self.store.add(exampleRecord(number)) for number in range(1, 5)]
        bad = [
            self.store.add(exampleRecord(0, owner="mallory")),
            self.store.update(exampleRecord(99)),
        ]
        good += [self.store.add(exampleRecord(number)) for number in range(5, 9)]
        for change in bad:
            await self.assertFailure(change, StorageFailed)
        for change in good:
            await change
        self.assertEqual(
            await self.store.identifiers(),
            {exampleRecord(number).identifier for number in range(9)},
        )
        self.assertEqual(
            await self.store.find(exampleRecord(0).identifier), exampleRecord(0)
        )

    async def test_cancel(self) -> None:
        """
        Who waits for a change may give up waiting; those behind are not kept
        from theirs.
        """
        changes = [self.store.add(exampleRecord(number)) for number in range(4)]
        outcomes = [change.addErrback(lambda failure: None) for change in changes]
        changes[0].cancel()
        changes[2].cancel()
        for outcome in outcomes:
            await outcome
        for number in (1, 3):
            await self.store.find(exampleRecord(number).identifier)

    async def test_close(self) -> None:
        """
        What was asked for before is still done; then nothing is.
        """
        changes = [self.store.add(exampleRecord(number)) for number in range(3)]
        closed = self.store.close()
        late: list[Deferred[Any]] = [
            self.store.add(exampleRecord(9)),
            self.store.update(exampleRecord(0)),
            self.store.delete(exampleRecord(0).identifier),
            self.store.find(exampleRecord(0).identifier),
            self.store.search(Query()),
            self.store.unended(),
            self.store.ended(),
            self.store.identifiers(),
        ]
        await closed
        for change in changes:
            await change
        for question in late:
            await self.assertFailure(question, ShuttingDown)

    async def test_closeTwice(self) -> None:
        """
        To close again does no harm.
        """
        both = [self.store.close(), self.store.close()]
        for closed in both:
            await closed
