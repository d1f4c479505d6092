"""
What runs the jobs of a supervisor, put together and taken apart in order.

Nothing here knows of gateways.
"""

from __future__ import annotations

from threading import Thread
from time import monotonic, time_ns

from attrs import frozen

from twisted.internet.defer import succeed
from twisted.internet.interfaces import IReactorCore
from twisted.internet.threads import deferToThreadPool

from ..launchers.plain import IHostingReactor, makePlainLauncher
from ..logs.drain import Drain, startDrain
from ..logs.keeper import LogKeeper
from ..roster.local import LocalRoster
from ..roster.retention import Retention
from ..roster.tallying import Tallying
from ..store.table import JobTable
from .describing import describe
from .openfiles import raiseOpenFiles
from .presence import makeAdmission
from .settings import SupervisorSettings


class IWorkingReactor(IHostingReactor, IReactorCore):
    """
    What is needed of a reactor.
    """


@frozen(eq=False)
class Works:
    """
    All of it.

    @ivar roster: The jobs.
    """

    roster: LocalRoster
    _reactor: IWorkingReactor
    _store: JobTable
    _drain: Drain
    _thread: Thread
    _retention: Retention
    _tallying: Tallying

    async def recover(self) -> None:
        """
        End what an earlier process has left, and count from now on.
        """
        self._tallying.lost(len(await self._store.unended()))
        await self.roster.recover()
        await self.roster.subscribe(self._tallying)

    def startDeleting(self) -> None:
        """
        Begin to delete jobs that are to be kept no longer.
        """
        self._retention.startService()

    async def endJobs(self, grace: float, reason: str) -> None:
        """
        Delete nothing more, and end all jobs.

        @param grace: Seconds until those are killed that do not leave.

        @param reason: Why, as it will stand in their records.
        """
        if self._retention.running:
            await (self._retention.stopService() or succeed(None))
        await self.roster.stopAll(grace, reason)

    async def close(self) -> None:
        """
        Let go of everything, once there are no jobs.
        """
        self._drain.close()
        pool = self._reactor.getThreadPool()
        await deferToThreadPool(self._reactor, pool, self._thread.join)
        await self._store.close()


def makeWorks(reactor: IWorkingReactor, settings: SupervisorSettings) -> Works:
    """
    Make what runs jobs.

    @raise BadConfiguration: If the system lacks what is needed.
    """
    files = raiseOpenFiles()
    files = settings.openFiles or files
    state, quota = settings.state, settings.quota
    launcher = makePlainLauncher(
        reactor,
        openFiles=files,
        logLimit=quota.limit,
        logPolicy=quota.policy.value,
    )
    store = JobTable(reactor, state.table)
    drain, thread = startDrain(reactor)
    logs = LogKeeper(reactor, state.logs, drain, quota)
    admit = makeAdmission(reactor, state, settings.reserve)
    roster = LocalRoster(
        reactor, time_ns, launcher, logs, store, admit, elapsed=monotonic
    )
    roster.description = describe(settings, files)
    retention = Retention(reactor, time_ns, roster, store, logs, settings.retain)
    tallying = Tallying(reactor, store, logs, lambda: drain.moved)
    roster.count = tallying.measure
    return Works(roster, reactor, store, drain, thread, retention, tallying)
