"""
The other half of the contract of a roster: what can be found out of it, and
what it tells by itself.
"""

from __future__ import annotations

from jobworker.changes import Change, JournalPlace, Kind
from jobworker.description import Description, Tally
from jobworker.errors import PlaceLost
from jobworker.jobs import Phase
from jobworker.queries import Page, Query
from tests.contracts_roster import RosterCase
from tests.doings import Doing
from tests.witnesses import Witness


class IRosterNewsTests(RosterCase):
    """
    What a roster tells, when it is asked and when it is not.
    """

    async def test_describe(self) -> None:
        """
        A roster says what it is.
        """
        description = await self.roster.describe()
        self.assertIsInstance(description, Description)

    async def test_measure(self) -> None:
        """
        A roster says what it has counted.
        """
        self.assertIsInstance(await self.roster.measure(), Tally)

    async def test_search(self) -> None:
        """
        Jobs are found, the newest first, page by page.
        """
        first = await self.started(Doing.SLEEPS)
        second = await self.started(Doing.FAILS, "bob")
        ended = await self.ended(second)
        running = await self.roster.find(first)
        # There may be jobs of other tests.
        since = running.started
        both = await self.roster.search(Query(after=since))
        self.assertEqual(set(both.records), {running, ended})
        self.assertFalse(both.more)
        newest, oldest = both.records
        self.assertGreaterEqual(newest.started, oldest.started)
        page = await self.roster.search(Query(after=since, limit=1))
        self.assertEqual(page, Page((newest,), True))
        behind = (newest.started, newest.identifier)
        page = await self.roster.search(Query(after=since, limit=1, behind=behind))
        self.assertEqual(page, Page((oldest,)))
        page = await self.roster.search(Query(owner="bob", after=ended.started))
        self.assertEqual(page, Page((ended,)))
        page = await self.roster.search(Query(causes=frozenset(), prefix=first[:9]))
        self.assertEqual(page, Page((running,)))
        await self.stopped(first)

    async def test_changes(self) -> None:
        """
        What happens to a job is told in order, each change once, with the job
        as it was then.
        """
        end = (await self.roster.changes(None, 10)).place
        identifier = await self.started(Doing.FAILS)
        ended = await self.ended(identifier)
        await self.roster.delete(identifier)
        seen: list[Change] = []

        def over() -> bool:
            return (identifier, Kind.DELETED) in {
                (change.record.identifier, change.kind) for change in seen
            }

        while not over():
            found = await self.roster.changes(end, 2)
            self.assertTrue(found.changes)
            seen += found.changes
            end = found.place
        first = seen[0].revision
        revisions = [change.revision for change in seen]
        self.assertEqual(revisions, [*range(first, first + len(seen))])
        # There may be jobs of other tests.
        mine = [change for change in seen if change.record.identifier == identifier]
        kinds = [change.kind for change in mine if change.kind is not Kind.CHANGED]
        self.assertEqual(kinds, [Kind.STARTED, Kind.ENDED, Kind.DELETED])
        told = self.witness.records[identifier]
        self.assertEqual([change.record for change in mine[:-1]], told)
        self.assertEqual(mine[-1].record, ended)

    async def test_changesTold(self) -> None:
        """
        Who has read all changes is told when there are more, whatever they
        are.
        """
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        place = (await self.roster.changes(None, 10)).place
        await self.roster.changes(place, 10)
        before = self.witness.journal
        await self.roster.delete(identifier)
        await self.witness.until(lambda: self.witness.journal > before)
        found = await self.roster.changes(place, 10)
        self.assertEqual([each.kind for each in found.changes], [Kind.DELETED])
        before = self.witness.journal
        identifier = await self.started(Doing.FAILS)
        await self.witness.until(lambda: self.witness.journal > before)
        await self.ended(identifier)

    async def test_changesLost(self) -> None:
        """
        Who asks for changes that nobody knows is told so.
        """
        place = JournalPlace("0" * 32, 1)
        await self.assertFailure(self.roster.changes(place, 10), PlaceLost)

    async def test_subscribe(self) -> None:
        """
        A listener is told first of the jobs that have not ended, and then of
        what happens.
        """
        gone = await self.started(Doing.SUCCEEDS)
        await self.ended(gone)
        running = await self.started(Doing.SLEEPS)
        late = Witness()
        await self.roster.subscribe(late)
        self.assertEqual(late.records, {running: [await self.roster.find(running)]})
        record = await self.stopped(running)
        self.assertEqual(late.last(running), record)

    async def test_unsubscribe(self) -> None:
        """
        A listener can be told nothing more, while others are.
        """
        other = Witness()
        await self.roster.subscribe(other)
        self.roster.unsubscribe(other)
        identifier = await self.started(Doing.SUCCEEDS)
        await self.ended(identifier)
        self.assertEqual(other.records, {})

    async def test_follow(self) -> None:
        """
        Listeners are told of growths while a job is followed, and of its seal.
        """
        identifier = await self.ready(Doing.WRITES)
        self.roster.follow(identifier)
        self.roster.unfollow(identifier)
        before = len(self.witness.grown)
        self.passTime(0.5)
        await self.witness.until(lambda: len(self.witness.grown) > before + 1)
        await self.stopped(identifier)
        self.assertEqual(set(self.witness.grown), {identifier})

    async def test_sealTold(self) -> None:
        """
        Listeners are told that the log of a job that is followed was sealed,
        though it wrote nothing, and are told so before it has ended.
        """
        identifier = await self.started(Doing.SLEEPS)
        self.roster.follow(identifier)
        seen: list[Phase] = []
        waiting = self.witness.until(lambda: identifier in self.witness.grown)
        waiting.addCallback(lambda _: seen.append(self.witness.last(identifier).phase))
        await self.stopped(identifier)
        await waiting
        self.assertNotEqual(seen, [Phase.ENDED])

    async def test_unfollow(self) -> None:
        """
        When nobody follows a job any more, nobody is told of its growth.
        """
        identifier = await self.ready(Doing.WRITES)
        self.roster.unfollow(identifier)
        await self.roster.find(identifier)
        before = len(self.witness.grown)
        self.passTime(0.5)
        await self.stopped(identifier)
        self.assertEqual(len(self.witness.grown), before)

    async def test_notFollowed(self) -> None:
        """
        Nobody is told of growths that nobody wants to hear of.
        """
        await self.ended(await self.started(Doing.FAILS))
        self.assertEqual(self.witness.grown, [])
