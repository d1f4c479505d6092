"""
What the shell that becomes a command does before, so that the command finds
what was asked for.

Each step that fails says so by one word to the telltale descriptor.
"""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
from typing import Final

from ..errors import LaunchFailed
from ..specification import UNLIMITED, Input, ResourceLimit, Specification

#: What is said of a step that failed.
REASONS: Final = {
    b"directory": "cannot change to the directory {directory!r}",
    b"nice": "cannot set the niceness that was asked for",
    b"limits": "cannot set the limits that were asked for",
}

_OR_TELL: Final = "|| {{ echo {word} >&3; exit 1; }}\n"

# Helpers must neither read the job's input, nor write to its output.
_QUIETLY: Final = "</dev/null >/dev/null 2>&1 3>&-"

_SEALS: Final = (
    fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
)


def prologue(wanted: Specification) -> tuple[str, list[bytes]]:
    """
    Write the steps.

    @return: The lines, and what stands before the command in the shell's
        arguments; the lines take it away.

    @raise LaunchFailed: If this host cannot do that.
    """
    lines = []
    arguments = []
    if wanted.directory:
        tell = _OR_TELL.format(word="directory")
        lines.append(f'cd -- "$1" 2>/dev/null {tell}shift\n')
        arguments.append(wanted.directory.encode("utf-8", "surrogateescape"))
    if wanted.umask is not None:
        lines.append(f"umask {wanted.umask:04o}\n")
    if wanted.nice is not None:
        tell = _OR_TELL.format(word="nice")
        lines.append(f"{findTool('renice')} {wanted.nice} -p $$ {_QUIETLY} {tell}")
    if wanted.limits:
        tell = _OR_TELL.format(word="limits")
        options = " ".join(map(_option, wanted.limits))
        lines.append(f"{findTool('prlimit')} --pid $$ {options} {_QUIETLY} {tell}")
    return "".join(lines), arguments


def openInput(wanted: Input) -> int:
    """
    Make a file of what a command is to read.

    @return: A descriptor at its beginning; nobody can change the file.

    @raise OSError: If there is no room.
    """
    descriptor = os.memfd_create("stdin", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        rest = memoryview(wanted.data or b"")
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _option(limit: ResourceLimit) -> str:
    """
    Write a limit for prlimit(1), if it is within our own.
    """
    ours = resource.getrlimit(getattr(resource, f"RLIMIT_{limit.resource.upper()}"))[1]
    if ours != UNLIMITED and not 0 <= limit.hard <= ours:
        raise LaunchFailed(
            f"the limit {limit.resource} is above that of the service, which is {ours}"
        )
    return f"--{limit.resource}={_number(limit.soft)}:{_number(limit.hard)}"


def _number(value: int) -> str:
    return "unlimited" if value == UNLIMITED else str(value)


def findTool(name: str) -> str:
    """
    Find a program that a step needs.

    @raise LaunchFailed: If this host does not have it.
    """
    found = shutil.which(name, path=os.environ.get("PATH", os.defpath))
    if found is None:
        raise LaunchFailed(f"this host lacks the program {name!r}")
    return found
