"""
The spawning of processes: nobody else calls C{spawnProcess}.

Twisted uses posix_spawn(3) if it need change neither user nor directory, so
everything else that a job needs is done by what is executed: setsid(1), then
a shell that ends in C{exec}.  docs/design.rst tells more.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from shlex import quote
from typing import Final

from attrs import define, evolve, field

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.internet.interfaces import IReactorProcess
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from ..errors import BadConfiguration, LaunchFailed
from ..jobs import ProcessIdentity, Source, Status, Usage
from ..milestones import Milestone
from ..specification import NOTHING, Input, Specification
from .becoming import BECOME, TELL, TRIED, Account, becoming
from .census import identify
from .programs import refuse
from .prologue import REASONS, findTool, openInput, prologue
from .reaping import measure

# The descriptor of the pipe by which the shell tells that it could not
# execute the program.
_TELLTALE: Final = 3

# What the shell sets, because setsid would load some twenty files of a locale
# that it finds in its environment.
_LOCALE: Final = ("LANG", "LC_ALL", "LC_CTYPE")

# What a shell leaves with that has not found a command.
_NOT_FOUND: Final = 127

# When exec fails, dash undoes the redirection and leaves by way of the trap.
_DASH: Final = """\
trap 'echo >&3' EXIT
{prologue}unset PWD OLDPWD
exec "$@" 3>&-
"""

# Other shells cannot tell.  They add to the environment, too, and not all let
# that be undone.
_OTHER: Final = """\
{prologue}unset PWD OLDPWD SHLVL _
exec -- "$@" 3>&-
"""


@define(eq=False)
class Spawned(ProcessProtocol):
    """
    A process that was spawned, and what becomes of it.

    @ivar _program: What is to be run, for messages.
    @ivar _directory: Where, for messages.
    @ivar _user: Who is to run it, for messages; empty for our own user.
    @ivar usage: What it has used, once it has exited, if that was seen.
    @ivar unidentified: Why the process could not be identified, if so.
    @ivar _refused: What the shell told when it could not; it may be in the
        middle of that.
    """

    _program: str
    _directory: str = ""
    _user: str = ""
    process: ProcessIdentity = field(init=False)
    exited: Milestone[Status] = field(factory=Milestone, init=False)
    running: Deferred[Spawned] = field(factory=Deferred, init=False)
    usage: Usage | None = field(default=None, init=False)
    unidentified: OSError | None = field(default=None, init=False)
    _refused: bytes = field(default=b"", init=False)

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
        The shell says that it could not execute the program.
        """
        self._refused += data

    def childConnectionLost(self, childFD: int) -> None:  # noqa: ARG002
        """
        The program runs, or the shell is dead.
        """
        self._refused = self._refused.removeprefix(TRIED + BECOME)
        if self._refused:
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
        step = self._refused.strip()
        if step in REASONS:
            reason = REASONS[step].format(directory=self._directory)
        elif step == TRIED.strip():
            reason = "cannot become the user that was asked for"
        elif status.code == _NOT_FOUND:
            reason = f"command not found: {self._program!r}"
        else:
            reason = f"the system refuses to execute {self._program!r}"
        if self._user:
            reason = f"{reason}, as user {self._user!r}"
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
    _session: str = field(init=False)
    _shell: str = field(init=False)
    _script: str = field(init=False)
    _nothing: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._session = _tool("setsid", "util-linux")
        dash = shutil.which("dash")
        limit = "" if self._openFiles is None else f"ulimit -S -n {self._openFiles}\n"
        self._shell = dash or _tool("sh", "dash")
        self._script = limit + (_DASH if dash else _OTHER)
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
        program = os.fsdecode(command[0])
        if account is not None and not wanted.directory:
            wanted = evolve(wanted, directory="/")
        lines, before = prologue(wanted)
        locale = {name: environment[name] for name in _LOCALE if name in environment}
        exports = [f"export {name}={quote(value)}\n" for name, value in locale.items()]
        script = self._script.replace("{prologue}", "".join((*exports, lines)))
        arguments: list[str | bytes] = [
            self._shell,
            "-c",
            script,
            "jobworker",
            *before,
            *command,
        ]
        spawned = Spawned(program, wanted.directory)
        if account is not None:
            spawned = Spawned(program, wanted.directory, account.name)
            arguments[2] = TELL + script
            setpriv = findTool("setpriv")
            arguments = becoming(setpriv, self._shell, account, arguments)
        try:
            if account is not None:
                # Or else it could not open /dev/stdout.
                for descriptor in outputs.values():
                    os.fchown(descriptor, account.uid, account.gid)
            with self._reading(wanted.input) as standardInput:
                self._reactor.spawnProcess(
                    spawned,
                    self._session,
                    ["setsid", *arguments],
                    env={k: v for k, v in environment.items() if k not in locale},
                    path=None,
                    uid=None,
                    gid=None,
                    usePTY=False,
                    childFDs={
                        0: standardInput,
                        1: outputs.get(Source.STDOUT, self._nothing),
                        2: outputs.get(Source.STDERR, self._nothing),
                        _TELLTALE: "r",
                    },
                )
        except OSError as error:
            raise refuse(program, error) from error
        if spawned.unidentified is not None:
            raise refuse(program, spawned.unidentified)
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


def _tool(name: str, package: str) -> str:
    """
    Find a program that we cannot do without.

    @raise BadConfiguration: If it is not there.
    """
    found = shutil.which(name, path=os.environ.get("PATH", os.defpath))
    if found is None:
        raise BadConfiguration(
            f"the program {name!r} is missing; install the package {package}"
        )
    return found


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
