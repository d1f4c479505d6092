"""
What gateways are told of jobs.
"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.changes import Change, Changes, JournalPlace, Kind
from jobworker.jobs import Cause, Record
from jobworker.link.greeting import Greeting, ourGreeting
from jobworker.link.wording import word, wordRecord
from jobworker.queries import Page

from .strategies import records

#: Gateways, the oldest first.
OLDEST = Greeting()
OLDER = Greeting(capabilities=frozenset({"specification"}))


class RecordTests(SynchronousTestCase):
    """
    Each gateway is told what it understands.
    """

    @given(records)
    def test_ours(self, record: Record) -> None:
        """
        One like ours is told everything, but for the values of variables.
        """
        command = record.command
        public = evolve(command, specification=command.specification.public())
        self.assertEqual(
            wordRecord(record, ourGreeting()), evolve(record, command=public)
        )

    @given(records)
    def test_older(self, record: Record) -> None:
        """
        One that knows no users of jobs is told everything but those.
        """
        told = wordRecord(record, ourGreeting())
        wanted = evolve(told.command.specification, user="", group="")
        command = evolve(told.command, specification=wanted)
        self.assertEqual(wordRecord(record, OLDER), evolve(told, command=command))

    @given(records)
    def test_oldest(self, record: Record) -> None:
        """
        One that knows no specifications is told of no cause that came with
        them, and of all else as it is.
        """
        for theirs in (OLDEST, None):
            told = wordRecord(record, theirs)
            causes = {each.cause for each in (told.stop, told.ending) if each}
            self.assertFalse(causes & {Cause.TIMED_OUT, Cause.IDLE})
            self.assertEqual(told.status, record.status)
            kept = evolve(told, stop=record.stop, ending=record.ending)
            self.assertEqual(kept, wordRecord(record, OLDER))


class ResultTests(SynchronousTestCase):
    """
    Whatever a gateway asks for, it is told the same of a job.
    """

    @given(records)
    def test_all(self, record: Record) -> None:
        """
        Each record in an answer is in its words.
        """
        told = wordRecord(record, OLDEST)
        place = JournalPlace("0" * 32, 1)
        changes = Changes(place, (Change(1, Kind.CHANGED, 1, record),), True)
        self.assertEqual(word(record, OLDEST), told)
        self.assertEqual(word(Page((record,), True), OLDEST), Page((told,), True))
        self.assertEqual(
            word(changes, OLDEST),
            evolve(changes, changes=(evolve(changes.changes[0], record=told),)),
        )
        self.assertIsNone(word(None, OLDEST))
