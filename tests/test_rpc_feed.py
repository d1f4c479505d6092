"""
The journal as those read it who watch.
"""

from __future__ import annotations

from collections.abc import Awaitable

from attrs import evolve

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from jobworker.changes import Changes, JournalPlace
from jobworker.rpc.bridge import Bridge
from jobworker.rpc.feed import Feed
from tests.loops import ImmediateReactor, LoopTestCase
from tests.memoryroster import MemoryRoster

PLACE = JournalPlace("0" * 32, 1)


class SlowRoster(MemoryRoster):
    """
    A roster that answers when the test does.

    @ivar asked: What it has not answered yet.
    """

    asked: list[Deferred[Changes]]

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened, later.
        """
        self.asked.append(Deferred())
        return self.asked[-1]


class FeedTests(LoopTestCase):
    """
    Those who have read equally far share a question, but none from before they
    were woken.
    """

    def setUp(self) -> None:
        """
        Make a feed.
        """
        super().setUp()
        self.roster = SlowRoster(Clock())
        self.roster.asked = []
        bridge = Bridge(ImmediateReactor(), self.loop)
        self.feed = Feed(self.loop, bridge, self.roster, 5.0)

    def read(self, since: JournalPlace = PLACE) -> Awaitable[Changes]:
        """
        Begin to read.
        """
        reading = self.loop.create_task(self.feed.read(since))
        self.turn()
        return reading

    async def all(self, *readings: Awaitable[Changes]) -> list[Changes]:
        """
        Wait for what was read.
        """
        return [await each for each in readings]

    def test_shared(self) -> None:
        """
        One question is asked for all at the same place, and another for those
        at another, or who come when it was answered.
        """
        both = self.read(), self.read()
        other = self.read(evolve(PLACE, revision=2))
        self.assertEqual(len(self.roster.asked), 2)
        for each in self.roster.asked:
            each.callback(Changes(PLACE))
        read = self.run_(self.all(*both, other))
        self.assertEqual(read, [Changes(PLACE)] * 3)
        late = self.read()
        self.assertEqual(len(self.roster.asked), 3)
        self.roster.asked[-1].callback(Changes(PLACE))
        self.run_(self.all(late))

    def test_notStale(self) -> None:
        """
        What was asked before the journal grew is no answer for who was told
        that it did.
        """
        early = self.read()
        self.feed.grew()
        late = self.read()
        self.assertEqual(len(self.roster.asked), 2)
        answers = [Changes(PLACE), Changes(evolve(PLACE, revision=2))]
        for each, answer in zip(self.roster.asked, answers, strict=True):
            each.callback(answer)
        self.assertEqual(self.run_(self.all(early, late)), answers)

    def test_bells(self) -> None:
        """
        All who watch are woken when the journal has grown, and nobody else.
        """
        with self.feed.watching() as gone:
            pass
        with self.feed.watching() as bell:
            self.feed.grew()
            self.assertTrue(self.run_(bell.wait(0)))
            self.assertFalse(self.run_(bell.wait(0)))
            self.assertFalse(self.run_(gone.wait(0)))
