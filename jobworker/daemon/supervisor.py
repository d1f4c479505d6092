"""
The process that runs the jobs, put together and taken apart in order.

It opens no network socket, and ends by itself when nobody needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from time import monotonic, time_ns
from typing import Final

from attrs import define, field, frozen

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IReactorCore,
    IReactorUNIX,
)
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from ..crashing import NoSuchCrashPoint, checkCrashPoint, crashPoint
from ..errors import BadConfiguration
from ..jobs import Record
from ..launchers.plain import IHostingReactor, makePlainLauncher
from ..link.serving import SessionFactory
from ..logs.drain import Drain, startDrain
from ..logs.keeper import LogKeeper
from ..roster.audience import Indifferent
from ..roster.local import LocalRoster
from ..roster.retention import Retention
from ..roster.tallying import Tallying
from ..store.opening import openTable
from ..store.table import JobTable
from .describing import describe
from .ending import StartRefused
from .notifying import notify
from .openfiles import raiseOpenFiles
from .presence import makeAdmission, requireTable
from .readiness import Report, write
from .settings import SupervisorSettings
from .state import (
    Reach,
    StateDirectory,
    StateLock,
    StateTaken,
    lockState,
    reach,
)

# Seconds that jobs are given to leave when the supervisor is stopped.
_GRACE: Final = 5.0

# Seconds that the first gateway has to connect, whatever was said.
_FIRST: Final = 10.0

# Why jobs end then.
_REASON: Final = "the supervisor was stopped"

# What jobs find set; what must be for nobody else is made with its own mode.
_UMASK: Final = 0o022


class ISupervisorReactor(IHostingReactor, IReactorUNIX, IReactorCore):
    """
    What a supervisor needs of a reactor.
    """


@frozen(eq=False)
class _Parts:
    """
    What there is once the supervisor has begun.
    """

    store: JobTable
    drain: Drain
    thread: Thread
    roster: LocalRoster
    retention: Retention
    tallying: Tallying


@define(eq=False)
class Supervisor(Indifferent, Service):
    """
    The service of a supervisor.

    @ivar _fail: Called with a reason if it cannot start.
    @ivar _leave: Called when nobody needs it any more.
    @ivar _met: Whether there ever was a gateway.
    """

    log = Logger()

    _reactor: ISupervisorReactor
    _settings: SupervisorSettings
    _fail: Callable[[str], None]
    _leave: Callable[[], None]
    _lock: StateLock | None = field(default=None, init=False)
    _parts: _Parts | None = field(default=None, init=False)
    _reach: Reach | None = field(default=None, init=False)
    _sessions: SessionFactory | None = field(default=None, init=False)
    _port: IListeningPort | None = field(default=None, init=False)
    _beginning: Deferred[None] | None = field(default=None, init=False)
    _leaving: IDelayedCall | None = field(default=None, init=False)
    _met: bool = field(default=False, init=False)
    _told: bool = field(default=False, init=False)

    def privilegedStartService(self) -> None:
        """
        Take the state directory.

        @raise StartRefused: If that is not possible.
        """
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        try:
            checkCrashPoint()
            self._settings.state.prepare(self._settings.gateway)
            self._lock = lockState(self._settings.state)
            crashPoint("supervisor-locked")
            requireTable(self._settings.state)
            openTable(self._settings.state.table)
        except (BadConfiguration, NoSuchCrashPoint) as error:
            self._tell(Report(taken=isinstance(error, StateTaken), reason=str(error)))
            raise StartRefused("jobworker-supervisor", str(error)) from None

    def startService(self) -> None:
        """
        End what an earlier supervisor has left, and then take gateways in.
        """
        super().startService()  # type: ignore[no-untyped-call]
        self._beginning = Deferred.fromCoroutine(self._begin())

    def stopService(self) -> Deferred[None]:
        """
        End all jobs, and let go of everything.

        @return: A L{Deferred} firing when nothing of the supervisor is left.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._end())

    def jobChanged(self, record: Record) -> None:  # noqa: ARG002 - whichever it is
        """
        Maybe that was the last job.
        """
        self._consider()

    async def _begin(self) -> None:
        """
        Start one part after the other.
        """
        try:
            os.umask(_UMASK)
            self._parts = parts = self._assemble()
            parts.tallying.lost(len(await parts.store.unended()))
            await parts.roster.recover()
            await parts.roster.subscribe(parts.tallying)
            await parts.roster.subscribe(self)
            self._listen(parts.roster)
            parts.retention.startService()
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it must be said
            if not isinstance(error, BadConfiguration | OSError):
                self.log.failure("while starting")
            self._tell(Report(reason=str(error)))
            self._fail(str(error))
            return
        crashPoint("supervisor-listening")
        self._tell(Report(ready=True))
        notify(os.environ, "READY=1")
        self.log.info("the supervisor is ready in {path}", path=self._state.path)
        self._consider()

    @property
    def _state(self) -> StateDirectory:
        return self._settings.state

    def _assemble(self) -> _Parts:
        """
        Make what runs jobs.
        """
        files = raiseOpenFiles()
        files = self._settings.openFiles or files
        quota = self._settings.quota
        launcher = makePlainLauncher(
            self._reactor,
            openFiles=files,
            logLimit=quota.limit,
            logPolicy=quota.policy.value,
        )
        store = JobTable(self._reactor, self._state.table)
        drain, thread = startDrain(self._reactor)
        logs = LogKeeper(self._reactor, self._state.logs, drain, quota)
        admit = makeAdmission(self._reactor, self._state, self._settings.reserve)
        roster = LocalRoster(
            self._reactor, time_ns, launcher, logs, store, admit, elapsed=monotonic
        )
        roster.description = describe(self._settings, files)
        retention = Retention(
            self._reactor, time_ns, roster, store, logs, self._settings.retain
        )
        tallying = Tallying(self._reactor, store, logs, lambda: drain.moved)
        roster.count = tallying.measure
        return _Parts(store, drain, thread, roster, retention, tallying)

    def _listen(self, roster: LocalRoster) -> None:
        """
        Take gateways in.
        """
        # We hold the lock, so that whoever made it is gone.
        with suppress(FileNotFoundError):
            os.unlink(self._state.socket)
        gateway = self._settings.gateway
        permitted = {0, os.geteuid()} | (set() if gateway is None else {gateway.uid})
        self._sessions = SessionFactory(
            self._reactor, roster, permitted, self._consider
        )
        self._reach = reach(self._state)
        mode = 0o600 if gateway is None else 0o660
        self._port = self._reactor.listenUNIX(
            self._reach.path, self._sessions, backlog=128, mode=mode
        )
        if gateway is not None:
            os.chown(self._state.socket, -1, gateway.gid)

    def _consider(self) -> None:
        """
        See whether anybody needs us, and leave if that stays so.
        """
        self._met = self._met or bool(self._sessions and self._sessions.sessions)
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        linger = self._settings.linger
        if linger is not None and self._idle():
            if not self._met:
                linger = max(linger, _FIRST)
            self._leaving = self._reactor.callLater(linger, self._leaveIdle)

    def _idle(self) -> bool:
        """
        Say whether there is neither a gateway nor a job.
        """
        return (
            bool(self.running)
            and self._sessions is not None
            and not self._sessions.sessions
            and self._parts is not None
            and not self._parts.roster.running()
        )

    def _leaveIdle(self) -> None:
        self._leaving = None
        self.log.info("no gateway and no job is left: the supervisor ends")
        self._leave()

    async def _end(self) -> None:
        """
        Stop one part after the other.
        """
        notify(os.environ, "STOPPING=1")
        self._consider()
        if self._beginning is not None:
            self._beginning.cancel()
        parts = self._parts
        if parts is not None:
            crashPoint("supervisor-stopping")
            if parts.retention.running:
                await (parts.retention.stopService() or succeed(None))
            await parts.roster.stopAll(_GRACE, _REASON)
        if self._port is not None:
            await self._stopListening(self._port)
        if parts is not None:
            parts.drain.close()
            pool = self._reactor.getThreadPool()
            await deferToThreadPool(self._reactor, pool, parts.thread.join)
            await parts.store.close()
        if self._lock is not None:
            self._lock.release()

    async def _stopListening(self, port: IListeningPort) -> None:
        """
        Let go of the socket and of the gateways.
        """
        try:
            await (port.stopListening() or succeed(None))
        except OSError as error:
            self.log.warn("cannot remove the socket: {error}", error=str(error))
        if self._sessions is not None:
            await self._sessions.close()
        if self._reach is not None:
            self._reach.close()

    def _tell(self, report: Report) -> None:
        """
        Say once what came of the start.
        """
        if not self._told:
            self._told = True
            write(self._settings.ready, report)
