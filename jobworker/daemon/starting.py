"""
How a gateway comes to a supervisor: it connects to the one there is, or starts
one that has nothing to do with it from then on.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import (
    IProtocol,
    IProtocolFactory,
    IReactorFDSet,
    IReactorThreads,
    IReactorTime,
    IReactorUNIX,
    IStreamClientEndpoint,
)
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from ..crashing import VARIABLE, crashPoint
from ..errors import BadConfiguration, RosterUnreachable
from .readiness import Report, ReportReading, read
from .state import StateDirectory, isHolderGone, reach

# Seconds that a supervisor has to be ready; it may have much to recover.
_PATIENCE: Final = 120.0

# Seconds between two attempts to connect to a supervisor that is starting, or
# ending, and until it is tried again to start one.
_PAUSE: Final = 0.05
_AGAIN: Final = 2.0

# How often in a row a lock must be seen that no supervisor holds.
_STRANGE: Final = 3

# How often it must be seen that another supervisor has the lock and cannot be
# connected to, until that is said.
_SILENT: Final = 2

# What a supervisor gets of our environment.
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", VARIABLE)

# It finds its modules where we do, has no descriptor that it does not know, and
# does without what Twisted and asyncio would load for the sake of TLS.
_PROGRAM: Final = (
    "import os, sys; "
    "os.closerange(4, os.sysconf('SC_OPEN_MAX')); "
    "sys.path[:] = sys.argv.pop(1).split(os.pathsep); "
    "sys.modules.update(OpenSSL=None, ssl=None); "
    "from jobworker.supervisortap import main; main()"
)

# The descriptor that it says on what came of the start.
_READY: Final = 3

# There is a socket, but nobody listens; there is no socket.
_NOBODY: Final = {errno.ECONNREFUSED, errno.ENOENT}

_SIGNALS: Final = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}


class IStartingReactor(IReactorUNIX, IReactorTime, IReactorThreads, IReactorFDSet):
    """
    What is needed of a reactor to start a supervisor.
    """


@implementer(IStreamClientEndpoint)
@define(eq=False)
class SupervisorEndpoint:
    """
    Connects to the supervisor of a state directory.

    @ivar _options: What a supervisor that is started here is told on its
        command line, besides where the state directory is.
    @ivar _starts: Whether one may be started.
    @ivar _environment: What it gets as its environment.
    """

    log = Logger()

    _reactor: IStartingReactor
    _state: StateDirectory
    _options: Sequence[str] = ()
    _starts: bool = True
    _environment: dict[str, str] = field(factory=lambda: chooseEnvironment(os.environ))

    def connect(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        """
        Connect, and start a supervisor if there is none.

        @raise BadConfiguration: (asynchronously) If there is none and none can
            be started.

        @raise RosterUnreachable: (asynchronously) If that takes too long.
        """
        return Deferred.fromCoroutine(self._connect(factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        end = self._reactor.seconds() + _PATIENCE
        again = 0.0
        strangers = others = 0
        while self._reactor.seconds() < end:
            protocol = await self._tryConnecting(factory)
            if protocol is not None:
                return protocol
            if self._reactor.seconds() >= again:
                report = await self._start()
                # One that has just taken the lock has not said who it is yet.
                strange = report.taken and isHolderGone(self._state)
                strangers = strangers + 1 if strange else 0
                if strangers == _STRANGE:
                    raise self._locked()
                others += report.taken and not strange
                if others == _SILENT:
                    self._tellWaiting()
                again = self._reactor.seconds() + _AGAIN
            else:
                await deferLater(self._reactor, _PAUSE)
        raise RosterUnreachable("it takes too long to start")

    def _tellWaiting(self) -> None:
        """
        Say why nothing seems to happen.
        """
        self.log.warn(
            "a supervisor has {path}, but does not listen at {socket}: waiting for it; "
            "if it has been ready before, its socket was removed, and it has to be "
            "stopped",
            path=self._state.path,
            socket=self._state.socket,
        )

    async def _tryConnecting(self, factory: IProtocolFactory) -> IProtocol | None:
        """
        Connect, if there is somebody to connect to.
        """
        try:
            way = reach(self._state)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._forbidden(error.strerror) from error
        try:
            endpoint = UNIXClientEndpoint(self._reactor, way.path)
            connected: IProtocol = await endpoint.connect(factory)
        except ConnectError as error:
            if error.osError in _NOBODY:
                return None
            raise self._forbidden(os.strerror(error.osError or 0)) from error
        finally:
            way.close()
        return connected

    def _forbidden(self, why: str | None) -> BadConfiguration:
        return BadConfiguration(
            f"cannot connect to the supervisor at {self._state.socket}: {why}"
        )

    async def _start(self) -> Report:
        """
        Start a supervisor, unless another is, and wait until it can be used.
        """
        if not self._starts:
            raise BadConfiguration(
                f"there is no supervisor for {self._state.path}: start one with "
                f"twistd jobworker-supervisor --state-dir {self._state.path}"
            )
        owner = os.stat(self._state.path).st_uid
        if owner != os.geteuid():
            raise BadConfiguration(
                f"there is no supervisor for {self._state.path}, and only user "
                f"{owner} can start one"
            )
        report = await self._spawn()
        if report.reason:
            raise BadConfiguration(
                f"no supervisor can be started: {report.reason} "
                f"(its log is {self._state.log})"
            )
        return report

    def _locked(self) -> BadConfiguration:
        return BadConfiguration(
            f"the state directory {self._state.path} is locked by another program, "
            "which is no supervisor"
        )

    async def _spawn(self) -> Report:
        """
        Start a process, and hear what comes of it.
        """
        arguments = (
            *("--state-dir", self._state.path),
            *("--log-file", self._state.log),
            *("--ready-fd", str(_READY)),
            *self._options,
        )
        crashPoint("gateway-spawn")
        reading, writing = os.pipe2(os.O_CLOEXEC)
        try:
            pid = spawnDetached(arguments, self._environment, self._state.log, writing)
        except OSError as error:
            os.close(reading)
            return Report(reason=f"spawning it failed: {error.strerror}")
        finally:
            os.close(writing)
        # A test that has a supervisor die wants that once.
        self._environment.pop(VARIABLE, None)
        crashPoint("gateway-spawned")
        told = ReportReading(self._reactor, reading).read
        told.addTimeout(_PATIENCE, self._reactor, _tooLong)
        pool = self._reactor.getThreadPool()
        await deferToThreadPool(self._reactor, pool, os.waitpid, pid, 0)
        return read(await told)


def chooseEnvironment(environment: Mapping[str, str]) -> dict[str, str]:
    """
    Choose what a supervisor gets of an environment.
    """
    return {name: environment[name] for name in _KEPT if name in environment}


def spawnDetached(
    arguments: Sequence[str], environment: Mapping[str, str], log: str, ready: int
) -> int:
    """
    Start a supervisor in a session of its own, that is nobody's child.

    @param ready: The descriptor that it will say on what came of the start.

    @return: A child that ends at once and must be reaped.

    @raise OSError: If it cannot be started.
    """
    path = os.pathsep.join(map(os.path.abspath, sys.path))
    program = [sys.executable, "-c", _PROGRAM, path, *arguments]
    return os.posix_spawnp(
        "setsid",
        ["setsid", "--fork", *program],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (
                *(os.POSIX_SPAWN_OPEN, 1, log),
                *(os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
            ),
            (os.POSIX_SPAWN_DUP2, 1, 2),
            (os.POSIX_SPAWN_DUP2, ready, _READY),
        ],
        setsigmask=(),
        setsigdef=_SIGNALS,
    )


def _tooLong(_: object, seconds: float) -> bytes:
    """
    Say that a supervisor has not said anything.
    """
    return b"failed it was not ready after %d s" % seconds
