"""
A roster with everything real, for tests: processes, spools and a table.
"""

from __future__ import annotations

import os
from threading import Thread

from attrs import define, field

from twisted.internet import reactor
from twisted.internet.threads import deferToThread

from jobworker.logs.drain import Drain
from jobworker.logs.keeper import LogKeeper
from jobworker.logs.layout import logPath
from jobworker.logs.quota import Quota
from jobworker.logs.recovery import recoverSpool
from jobworker.roster.local import LocalRoster
from jobworker.store.opening import openTable
from jobworker.store.table import JobTable
from tests.hosts import hostingReactor, now, theLauncher


@define(eq=False)
class Service:
    """
    A roster with its parts, in a directory that may have been another's.
    """

    directory: str
    quota: Quota = field(factory=Quota)
    linger: float = 0.2
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
        self.logs = LogKeeper(hostingReactor, self._jobs, self._drain, self.quota)
        self.roster = LocalRoster(
            hostingReactor,
            now,
            theLauncher(),
            self.logs,
            self.store,
            linger=self.linger,
        )

    @property
    def _jobs(self) -> str:
        return os.path.join(self.directory, "jobs")

    def output(self, identifier: str) -> bytes:
        """
        Read what a job has written to its standard output.
        """
        path = os.path.join(logPath(self._jobs, identifier), "stdout")
        with open(path, "rb") as file:
            return file.read()

    def sealed(self, identifier: str) -> bool:
        """
        Say whether a log has an end.
        """
        return not recoverSpool(logPath(self._jobs, identifier))

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
