"""
The spawning of processes: nobody else calls C{spawnProcess}.

Twisted uses posix_spawn(3) if it need change neither user nor directory, so
everything else that a job needs is done by what is executed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from ..errors import LaunchFailed
from ..jobs import ProcessIdentity, Source, Status, Usage
from ..milestones import Milestone
from ..specification import NOTHING, Input, Specification
from .becoming import Account
from .census import identify
from .execution import TELLTALE, Execution, Shell, findShell, hasFailed
from .programs import refuse
from .prologue import openInput
from .reaping import measure


@define(eq=False)
class Spawned(ProcessProtocol):
    """
    A process that was spawned, and what becomes of it.

    @ivar _execution: What was executed.
    @ivar usage: What it has used, once it has exited, if that was seen.
    @ivar unidentified: Why the process could not be identified, if so.
    @ivar _told: What the shell has told; it may be in the middle of that.
    """

    _execution: Execution
    process: ProcessIdentity = field(init=False)
    exited: Milestone[Status] = field(factory=Milestone, init=False)
    running: Deferred[Spawned] = field(factory=Deferred, init=False)
    usage: Usage | None = field(default=None, init=False)
    unidentified: OSError | None = field(default=None, init=False)
    _told: bytes = field(default=b"", init=False)

    def connectionMade(self) -> None:
        """
        Identify the process, now that it cannot have been reaped yet.
        """
        assert self.transport is not None
        try:
            self.process = identify(self.transport.pid)
            measure(self.transport, self._use)
        except OSError as error:
            self.unidentified = error
            self.transport.signalProcess("KILL")

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: ARG002
        """
        The shell tells how far it has come.
        """
        self._told += data

    def childConnectionLost(self, childFD: int) -> None:  # noqa: ARG002
        """
        The program runs, or the shell is dead.
        """
        if hasFailed(self._told):
            self.exited.wait().addCallback(self._fail)
        else:
            self.running.callback(self)

    def processExited(self, reason: Failure) -> None:
        """
        The process is gone, and its number may be used again.
        """
        self.exited.reach(_status(reason.value))

    def _use(self, usage: Usage) -> None:
        self.usage = usage

    def _fail(self, status: Status) -> None:
        """
        Tell that the program was never run.
        """
        reason = self._execution.explain(self._told, status)
        self.running.errback(LaunchFailed(reason))


@define(eq=False)
class Spawner:
    """
    Spawns the commands of jobs.

    @ivar _openFiles: How many files a job may have open, unless it changes that;
        C{None}: as many as this process.
    @ivar _nothing: A descriptor of C{/dev/null}.
    """

    _reactor: IReactorProcess
    _openFiles: int | None = None
    _shell: Shell = field(init=False)
    _nothing: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._shell = findShell(self._openFiles)
        self._nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        # A mask would be inherited by every job.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    def spawn(
        self,
        command: Sequence[bytes],
        environment: Mapping[str, str],
        outputs: Mapping[Source, int],
        wanted: Specification = NOTHING,
        account: Account | None = None,
    ) -> Spawned:
        """
        Spawn a command in a session of its own.

        @param environment: All of it.

        @param outputs: What the command writes to; other sources go nowhere.

        @param wanted: What the command is to find; its environment and what
            ends it are not looked at.

        @param account: Who runs it, if not we; then outputs that are pipes
            become that user's, and the usual directory is the root.

        @return: The process; its C{running} fires when the program runs, or
            fails with L{LaunchFailed}.

        @raise LaunchFailed: If the kernel refuses the arguments, or this host
            cannot do what is wanted.

        @raise NoRoom: If it has no more processes or descriptors to give.
        """
        execution = self._shell.execution(command, environment, wanted, account)
        spawned = Spawned(execution)
        try:
            if account is not None:
                # Or else it could not open /dev/stdout.
                for descriptor in outputs.values():
                    os.fchown(descriptor, account.uid, account.gid)
            with self._reading(wanted.input) as standardInput:
                self._reactor.spawnProcess(
                    spawned,
                    execution.executable,
                    execution.arguments,
                    env=execution.environment,
                    path=None,
                    uid=None,
                    gid=None,
                    usePTY=False,
                    childFDs={
                        0: standardInput,
                        1: outputs.get(Source.STDOUT, self._nothing),
                        2: outputs.get(Source.STDERR, self._nothing),
                        TELLTALE: "r",
                    },
                )
        except OSError as error:
            raise refuse(execution.program, error) from error
        if spawned.unidentified is not None:
            raise refuse(execution.program, spawned.unidentified)
        return spawned

    @contextmanager
    def _reading(self, wanted: Input | None) -> Iterator[int]:
        """
        Have something to read while the context lasts.
        """
        if wanted is None:
            yield self._nothing
            return
        descriptor = openInput(wanted)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """
        Let go of what was opened.
        """
        os.close(self._nothing)


def _status(reason: BaseException | None) -> Status:
    """
    Make a status of what Twisted says of the end of a process.
    """
    if isinstance(reason, ProcessDone):
        return Status(code=0)
    assert isinstance(reason, ProcessTerminated)
    if reason.signal is not None:
        return Status(signal=reason.signal)
    return Status(code=reason.exitCode)
