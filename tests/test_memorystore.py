"""
The job store that forgets.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.errors import StorageFailed
from jobworker.interfaces.store import IJobStore
from tests.contracts import IJobStoreTests, exampleRecord
from tests.contracts_journal import JournalTests
from tests.memoryjournal import Journal
from tests.memorystore import MemoryJobStore


class MemoryJobStoreTests(IJobStoreTests, TestCase):
    """
    It keeps the contract of a job store.
    """

    def makeStore(self) -> IJobStore:
        """
        Make a store in memory.
        """
        return MemoryJobStore()


class MemoryJournalTests(JournalTests, TestCase):
    """
    So does its journal.
    """

    def makeStore(self, kept: int) -> IJobStore:
        """
        Make a store in memory.
        """
        return MemoryJobStore(journal=Journal(kept), now=lambda: self.TIME)


class RefusalTests(SynchronousTestCase):
    """
    It can be told to fail as a full disk does.
    """

    def test_refusal(self) -> None:
        """
        While it refuses, changes fail and looking up does not.
        """
        store = MemoryJobStore()
        self.successResultOf(store.add(exampleRecord(1)))
        store.refusal = "disk full"
        for change in (store.add(exampleRecord(2)), store.update(exampleRecord(1))):
            failure = self.failureResultOf(change, StorageFailed)
            self.assertIn("disk full", str(failure.value))
        self.assertEqual(
            self.successResultOf(store.identifiers()), {exampleRecord(1).identifier}
        )
