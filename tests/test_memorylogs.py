"""
The logs that are not written.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.interfaces.logs import IJobLog, ILogKeeper
from tests.contracts_logs import ILogKeeperTests
from tests.memorylogs import MemoryLog, MemoryLogKeeper


class MemoryLogKeeperTests(ILogKeeperTests, TestCase):
    """
    They keep the contract of logs.
    """

    async def makeKeeper(self) -> ILogKeeper:
        """
        Make a keeper.
        """
        return MemoryLogKeeper()

    def release(self, log: IJobLog) -> None:
        """
        Let a log be dry.
        """
        assert isinstance(log, MemoryLog)
        log.dry.reach(None)


class FullTests(SynchronousTestCase):
    """
    They can be told to wait as on a full disk.
    """

    def test_full(self) -> None:
        """
        A seal waits until there is room.
        """
        log = self.successResultOf(MemoryLogKeeper().create("1"))
        assert isinstance(log, MemoryLog)
        log.full = True
        sealed = log.seal()
        self.assertNoResult(sealed)
        log.makeRoom()
        self.successResultOf(sealed)
