"""
The process that faces the network, put together and taken apart in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from signal import SIGTERM

from attrs import define, field, frozen

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IReactorFDSet
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..crashing import NoSuchCrashPoint, checkCrashPoint
from ..door.service import Door
from ..errors import BadConfiguration
from ..link.remote import RemoteRoster
from ..rpc.service import RPCService
from .attending import IAttendant
from .ending import StartRefused
from .notifying import notify
from .openfiles import raiseOpenFiles
from .rooms import Room, chooseRoom
from .state import GatewayUser
from .users import becomeUser
from .watching import RunningJobs, endProcess


@frozen(eq=False)
class _Parts:
    """
    What there is once the port is taken.
    """

    room: Room
    door: Door
    rpc: RPCService


@define(eq=False)
class Gateway(Service):
    """
    The door, the gRPC server behind it, and the roster that it asks.

    @ivar _makeDoor: Makes the door to a server that listens on a socket.
    @ivar _makeRPC: Makes that server.
    @ivar _user: Who to become when nothing needs privileges any more.
    @ivar _fail: Called with the reason if the service cannot start.
    @ivar _stopsJobs: Whether the jobs, and the supervisor, end with it.
    @ivar _attendants: What else there is while it serves.
    """

    log = Logger()

    _reactor: IReactorFDSet
    _roster: RemoteRoster
    _makeDoor: Callable[[str], Door]
    _makeRPC: Callable[[str], RPCService]
    _user: GatewayUser | None
    _fail: Callable[[str], None]
    _stopsJobs: bool
    _attendants: Sequence[IAttendant] = ()
    _jobs: RunningJobs = field(factory=RunningJobs, init=False)
    _parts: _Parts | None = field(default=None, init=False)
    _beginning: Deferred[None] | None = field(default=None, init=False)
    _serving: bool = field(default=False, init=False)

    def privilegedStartService(self) -> None:
        """
        Take the port.

        @raise StartRefused: If it cannot be had.
        """
        super().privilegedStartService()  # type: ignore[no-untyped-call]
        self._prepare()

    def _prepare(self) -> None:
        """
        Make what needs the port, and take it.
        """
        try:
            checkCrashPoint()
            raiseOpenFiles()
            room = chooseRoom()
            self._parts = _Parts(
                room, self._makeDoor(room.socket), self._makeRPC(room.socket)
            )
            self._parts.door.listen()
            for attendant in self._attendants:
                attendant.prepare()
        except (BadConfiguration, NoSuchCrashPoint, OSError) as error:
            raise StartRefused("jobworker", str(error)) from None

    def startService(self) -> None:
        """
        Connect to the supervisor, and then let callers in.
        """
        super().startService()  # type: ignore[no-untyped-call]
        # Not everything that starts services knows of privileges.
        if self._parts is None:
            self._prepare()
        self._beginning = Deferred.fromCoroutine(self._begin())
        self._beginning.addErrback(self._failed)

    async def _begin(self) -> None:
        """
        Start one part after the other.
        """
        assert self._parts is not None
        self._roster.open()
        await self._roster.whenReady()
        await self._roster.subscribe(self._jobs)
        # Not earlier: until the reactor runs, signals end us without a word.
        self._parts.room.make()
        if self._user is not None:
            self._parts.room.handOver(self._user.uid, self._user.gid)
            becomeUser(self._user)
        self._serving = True
        for attendant in self._attendants:
            attendant.start()
        self._parts.rpc.startService()
        await self._parts.rpc.whenListening()
        self._parts.rpc.whenOver().addCallback(self._over)
        self._parts.door.startService()
        notify(os.environ, "READY=1")
        host, port = self._parts.door.address
        self.log.info(
            "jobworker is ready: listening on {host}:{port}, running jobs: {jobs}",
            host=host,
            port=port,
            jobs=self._jobs.count,
        )

    def _over(self, _: None) -> None:
        """
        The gRPC server has ended.  Nothing can be done here without it, and
        whoever looks after daemons starts another one.
        """
        if self.running:
            self._fail("the gRPC server has failed, and the log says why")

    def _failed(self, failure: Failure) -> None:
        """
        The service could not start.
        """
        if failure.check(CancelledError) or not self.running:
            return
        if not failure.check(BadConfiguration):
            self.log.failure("while starting", failure)
        self._fail(failure.getErrorMessage())

    def stopService(self) -> Deferred[None]:
        """
        Let nobody in any more, end the calls, and leave the jobs or end them.

        @return: A L{Deferred} firing when nothing of the gateway is left.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._end())

    async def _end(self) -> None:
        """
        Stop one part after the other.
        """
        notify(os.environ, "STOPPING=1")
        if self._beginning is not None:
            self._beginning.cancel()
        if self._parts is not None:
            await self._parts.door.stopService()
            if self._serving:
                await self._parts.rpc.stopService()
            await self._parts.door.close()
            for attendant in self._attendants if self._serving else ():
                await attendant.stop()
            self._parts.room.remove()
        greeting = self._roster.supervisor
        supervisor = None if greeting is None else greeting.pid
        # The roster would have another supervisor started when this one ends.
        await self._roster.close()
        if self._stopsJobs:
            await self._stopSupervisor(supervisor)
        elif self._jobs.count:
            self._sayWhatGoesOn(supervisor)

    def _sayWhatGoesOn(self, supervisor: int | None) -> None:
        """
        Say how many jobs there still are, and what can be done about them.
        """
        count = self._jobs.count
        jobs = "1 job goes on" if count == 1 else f"{count} jobs go on"
        if supervisor is None:
            self.log.info("{jobs}: start jobworker again to find them", jobs=jobs)
            return
        self.log.info(
            "{jobs}: start jobworker again to find them, or end them all with: "
            "kill {supervisor}",
            jobs=jobs,
            supervisor=supervisor,
        )

    async def _stopSupervisor(self, supervisor: int | None) -> None:
        """
        Have the supervisor end all jobs and itself.
        """
        if supervisor is None:
            self.log.warn("the supervisor cannot be reached: its jobs go on")
            return
        try:
            await endProcess(self._reactor, supervisor, SIGTERM)
        except OSError as error:
            self.log.error(
                "cannot end the supervisor (pid {pid}): {error}",
                pid=supervisor,
                error=error.strerror,
            )
