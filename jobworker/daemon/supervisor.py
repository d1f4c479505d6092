"""
The process that runs the jobs: its place on disk, who may talk to it, and how
long it is needed.

It opens no network socket, and ends by itself when nobody needs it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from attrs import define, field

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import (
    IDelayedCall,
    IListeningPort,
    IReactorUNIX,
)
from twisted.logger import Logger

from ..crashing import NoSuchCrashPoint, checkCrashPoint, crashPoint
from ..errors import BadConfiguration
from ..jobs import Record
from ..link.serving import SessionFactory
from ..roster.audience import Indifferent
from ..roster.local import LocalRoster
from ..store.opening import openTable
from .ending import StartRefused
from .notifying import notify
from .presence import requireTable
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
from .works import IWorkingReactor, Works, makeWorks

# Seconds that jobs are given to leave when the supervisor is stopped.
_GRACE: Final = 5.0

# Seconds that the first gateway has to connect, whatever was said.
_FIRST: Final = 10.0

# Why jobs end then.
_REASON: Final = "the supervisor was stopped"

# What jobs find set; what must be for nobody else is made with its own mode.
_UMASK: Final = 0o022


class ISupervisorReactor(IWorkingReactor, IReactorUNIX):
    """
    What a supervisor needs of a reactor.
    """


@define(eq=False)
class Supervisor(Indifferent, Service):
    """
    The service of a supervisor.

    @ivar _fail: Called with a reason if it cannot start.
    @ivar _leave: Called when nobody needs it any more.
    @ivar _works: What runs the jobs, once it has begun.
    @ivar _met: Whether there ever was a gateway.
    """

    log = Logger()

    _reactor: ISupervisorReactor
    _settings: SupervisorSettings
    _fail: Callable[[str], None]
    _leave: Callable[[], None]
    _lock: StateLock | None = field(default=None, init=False)
    _works: Works | None = field(default=None, init=False)
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
            self._works = works = makeWorks(self._reactor, self._settings)
            await works.recover()
            await works.roster.subscribe(self)
            self._listen(works.roster)
            works.startDeleting()
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
            and self._works is not None
            and not self._works.roster.running()
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
        if self._works is not None:
            crashPoint("supervisor-stopping")
            await self._works.endJobs(_GRACE, _REASON)
        if self._port is not None:
            await self._stopListening(self._port)
        if self._works is not None:
            await self._works.close()
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
