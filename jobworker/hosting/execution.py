"""
What is executed so that a command runs as it was asked to: setsid(1), and a
shell that ends in C{exec}.

Nothing here executes it.  docs/design.rst tells more.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from shlex import quote
from typing import Final

from attrs import evolve, frozen

from ..errors import BadConfiguration
from ..jobs import Status
from ..specification import NOTHING, Specification
from .becoming import BECOME, TELL, TRIED, Account, becoming
from .prologue import REASONS, findTool, prologue

#: The descriptor by which the shell tells that it could not execute the
#: program.
TELLTALE: Final = 3

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


@frozen
class Execution:
    """
    What is executed for one command.

    @ivar executable: The path of what is executed.
    @ivar arguments: All of them, the name of what is executed first.
    @ivar environment: All of it.
    @ivar program: What is to be run in the end, for messages.
    @ivar directory: Where, for messages; empty for our own directory.
    @ivar user: Who is to run it, for messages; empty for our own user.
    """

    executable: str
    arguments: Sequence[str | bytes]
    environment: Mapping[str, str]
    program: str
    directory: str
    user: str = ""

    def explain(self, told: bytes, status: Status) -> str:
        """
        Say in words why the program was never run.

        @param told: All that came by the telltale descriptor.

        @param status: What the shell has left with.
        """
        step = told.removeprefix(TRIED + BECOME).strip()
        if step in REASONS:
            reason = REASONS[step].format(directory=self.directory)
        elif step == TRIED.strip():
            reason = "cannot become the user that was asked for"
        elif status.code == _NOT_FOUND:
            reason = f"command not found: {self.program!r}"
        else:
            reason = f"the system refuses to execute {self.program!r}"
        if self.user:
            reason = f"{reason}, as user {self.user!r}"
        return reason


def hasFailed(told: bytes) -> bool:
    """
    Say whether the program was never run.

    @param told: All that came by the telltale descriptor.
    """
    return bool(told.removeprefix(TRIED + BECOME))


@frozen
class Shell:
    """
    What becomes the commands of jobs.

    @ivar _session: The path of setsid(1).
    @ivar _path: The path of the shell.
    @ivar _script: What it does, but for what is asked of it.
    """

    _session: str
    _path: str
    _script: str

    def execution(
        self,
        command: Sequence[bytes],
        environment: Mapping[str, str],
        wanted: Specification = NOTHING,
        account: Account | None = None,
    ) -> Execution:
        """
        Find out what to execute for a command.

        @param environment: All of it.

        @param wanted: What the command is to find; its environment, its input
            and what ends it are not looked at.

        @param account: Who runs it, if not we; then the usual directory is
            the root.

        @raise LaunchFailed: If this host cannot do what is wanted.
        """
        if account is not None and not wanted.directory:
            wanted = evolve(wanted, directory="/")
        lines, before = prologue(wanted)
        locale = {name: environment[name] for name in _LOCALE if name in environment}
        exports = [f"export {name}={quote(value)}\n" for name, value in locale.items()]
        script = self._script.replace("{prologue}", "".join((*exports, lines)))
        if account is not None:
            script = TELL + script
        arguments: list[str | bytes] = [
            *(self._path, "-c", script, "jobworker"),
            *before,
            *command,
        ]
        if account is not None:
            setpriv = findTool("setpriv")
            arguments = becoming(setpriv, self._path, account, arguments)
        return Execution(
            self._session,
            ["setsid", *arguments],
            {k: v for k, v in environment.items() if k not in locale},
            os.fsdecode(command[0]),
            wanted.directory,
            "" if account is None else account.name,
        )


def findShell(openFiles: int | None = None) -> Shell:
    """
    Find what this host has.

    @param openFiles: How many files a job may have open, unless it changes
        that; C{None}: as many as this process.

    @raise BadConfiguration: If something is missing.
    """
    session = _require("setsid", "util-linux")
    dash = shutil.which("dash")
    limit = "" if openFiles is None else f"ulimit -S -n {openFiles}\n"
    script = limit + (_DASH if dash else _OTHER)
    return Shell(session, dash or _require("sh", "dash"), script)


def _require(name: str, package: str) -> str:
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
