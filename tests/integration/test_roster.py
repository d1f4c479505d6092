"""
The roster with everything real: processes, spools and a table on disk.
"""

from __future__ import annotations

import os
from threading import Thread

from attrs import define, field

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.interfaces import IRoster
from jobworker.logs.drain import Drain
from jobworker.logs.keeper import LogKeeper
from jobworker.roster.local import LocalRoster
from jobworker.store.opening import openTable
from jobworker.store.table import JobTable
from tests.contracts_roster import IRosterTests
from tests.hosts import hostingReactor, now, theLauncher


@define(eq=False)
class Service:
    """
    A roster with its parts, in a directory that may have been another's.
    """

    directory: str
    roster: LocalRoster = field(init=False)
    logs: LogKeeper = field(init=False)
    store: JobTable = field(init=False)
    _drain: Drain = field(init=False)
    _thread: Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        os.makedirs(self.directory, exist_ok=True)
        table = os.path.join(self.directory, "table")
        openTable(table)
        self.store = JobTable(reactor, table)
        self._drain = Drain(hostingReactor)
        self._thread = Thread(target=self._drain.run)
        self._thread.start()
        jobs = os.path.join(self.directory, "jobs")
        self.logs = LogKeeper(hostingReactor, jobs, self._drain)
        self.roster = LocalRoster(
            hostingReactor, now, theLauncher(), self.logs, self.store
        )

    async def close(self) -> None:
        """
        End all jobs, and let go of everything.
        """
        await self.roster.stopAll(0, "the test is over")
        await self.abandon()

    async def abandon(self) -> None:
        """
        Let go of everything, whatever runs.
        """
        self._drain.close()
        await deferToThread(self._thread.join)
        await self.store.close()


class LocalRosterTests(IRosterTests, TestCase):
    """
    It keeps the contract of a roster.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make a roster with real parts.
        """
        service = Service(self.mktemp())
        self.addCleanup(lambda: Deferred.fromCoroutine(service.close()))
        await service.roster.recover()
        return service.roster
