"""
A roster of this process for tests, without processes, disks and time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import (
    Command,
    Record,
)
from jobworker.roster.local import LocalRoster
from tests.memorylauncher import MemoryHandle, MemoryLauncher
from tests.memorylogs import MemoryLog, MemoryLogKeeper
from tests.memorystore import MemoryJobStore
from tests.witnesses import Witness

SLEEP = Command("sleep", ("60",))


class RosterTestCase(SynchronousTestCase):
    """
    Tests of a roster whose parts are in memory.
    """

    def setUp(self) -> None:
        """
        Make a roster, and listen to it.
        """
        self.clock = Clock()
        self.launcher = MemoryLauncher({"no": "command not found"})
        self.logs = MemoryLogKeeper()
        self.store = MemoryJobStore()
        self.times: Iterator[int] = count(1)
        self.refusal: Exception | None = None
        self.roster = LocalRoster(
            self.clock,
            self.times.__next__,
            self.launcher,
            self.logs,
            self.store,
            self.admit,
        )
        self.witness = Witness()
        self.successResultOf(self.roster.subscribe(self.witness))

    def admit(self) -> None:
        """
        Let jobs start, unless they shall not.
        """
        if self.refusal is not None:
            raise self.refusal

    def start(self) -> Record:
        """
        Start a job.
        """
        record: Record = self.successResultOf(self.roster.start(SLEEP, "alice"))
        return record

    def handle(self, record: Record) -> MemoryHandle:
        """
        Find the handle of a job.
        """
        return self.launcher.handles[record.identifier]

    def joblog(self, record: Record) -> MemoryLog:
        """
        Find the log of a job.
        """
        log = self.logs.logs[record.identifier]
        assert log is not None
        return log

    def stored(self, record: Record) -> Record:
        """
        Find a job as it is on disk.
        """
        found: Record = self.successResultOf(self.store.find(record.identifier))
        return found

    def assertNothingLeft(self) -> None:
        """
        There is no job, no log and nothing to be done.
        """
        self.assertEqual(self.successResultOf(self.store.identifiers()), set())
        self.assertEqual(self.logs.logs, {})
        self.assertEqual(self.witness.records, {})
        self.assertEqual(self.roster.running(), 0)
        self.assertEqual(self.clock.getDelayedCalls(), [])
