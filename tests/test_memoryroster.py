"""
The roster without processes.
"""

from __future__ import annotations

from attrs import evolve

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.errors import NoRoom, ShuttingDown
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import Command, Phase, Status
from tests.contracts import exampleRecord
from tests.contracts_roster import IRosterTests
from tests.contracts_roster_news import IRosterNewsTests
from tests.jobscripts import SCRIPTS
from tests.memoryroster import MemoryRoster
from tests.witnesses import Witness


class MemoryRosterTests(IRosterTests, IRosterNewsTests, TestCase):
    """
    It keeps the contract of a roster.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make a roster that knows the commands of the contract.
        """
        self.clock = Clock()
        return MemoryRoster(self.clock, SCRIPTS)

    def passTime(self, seconds: float) -> None:
        """
        Advance the clock, in small steps.
        """
        for _ in range(int(seconds / 0.05) + 1):
            self.clock.advance(0.05)


class MemoryRosterOnlyTests(SynchronousTestCase):
    """
    What it can do beside the contract.
    """

    def setUp(self) -> None:
        """
        Make a roster, and listen to it.
        """
        self.clock = Clock()
        self.roster = MemoryRoster(self.clock, SCRIPTS)
        self.witness = Witness()
        self.successResultOf(self.roster.subscribe(self.witness))

    def test_unknownCommand(self) -> None:
        """
        What has no script cannot be started.
        """
        self.failureResultOf(self.roster.start(Command("emacs"), "alice"))

    def test_refusal(self) -> None:
        """
        It can be told to refuse as a full host does.
        """
        self.roster.refusal = NoRoom("no processes left")
        self.failureResultOf(self.roster.start(Command("true"), "alice"), NoRoom)

    def test_put(self) -> None:
        """
        It can be given jobs in any state, and tells of them.
        """
        record = exampleRecord()
        self.roster.put(record)
        draining = evolve(record, phase=Phase.DRAINING, status=Status(code=0))
        self.roster.put(draining)
        self.assertEqual(self.witness.records, {record.identifier: [record, draining]})
        self.assertEqual(
            self.successResultOf(self.roster.find(record.identifier)), draining
        )

    def test_grow(self) -> None:
        """
        It can be made to tell that a log grew, if anybody wants to know.
        """
        self.roster.grow("a job")
        self.roster.follow("a job")
        self.roster.grow("a job")
        self.assertEqual(self.witness.grown, ["a job"])

    def test_close(self) -> None:
        """
        Once it is closed nothing is started, and nothing happens.
        """
        record = self.successResultOf(self.roster.start(Command("true"), "alice"))
        self.roster.close()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.failureResultOf(self.roster.start(Command("true"), "alice"), ShuttingDown)
        self.assertEqual(
            self.successResultOf(self.roster.find(record.identifier)), record
        )
