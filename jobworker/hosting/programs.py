"""
Whether a program can be run, and if not, why.

The shell that will run it would take a file of no known format for a script
of its own, and would say what went wrong to the job's output only.  So we look
first.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import cache
from typing import Final

from ..errors import LaunchFailed, NoRoom
from ..jobs import Command

# What the host is short of, rather than what is wrong with the command.
_SHORTAGES: Final = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}

# What a file begins with, and how much of it is looked at, in bytes; the
# kernel looks at as much of the line that names an interpreter.
_ELF: Final = b"\x7fELF"
_SCRIPT: Final = b"#!"
_HEAD: Final = 256
# Where the kind of machine is in the header of an ELF file; the first bytes
# tell word size and byte order.
_MACHINE: Final = slice(18, 20)
_SMALLEST_ELF: Final = 52
# An x86-64 runs programs of the i386 too.
_COUSINS: Final = {(b"\x3e\0", b"\x03\0")}
# Formats that the administrator taught the kernel.
_TAUGHT: Final = "/proc/sys/fs/binfmt_misc"


def encode(command: Command) -> list[bytes]:
    """
    Make the arguments of exec(2) of a command.

    @raise LaunchFailed: If they cannot be passed to any program.
    """
    if not command.program:
        raise LaunchFailed("the command is empty")
    encoded = []
    for argument in (command.program, *command.arguments):
        if "\0" in argument:
            raise LaunchFailed("the command contains a NUL character")
        try:
            encoded.append(argument.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            raise LaunchFailed("the command contains half a character") from None
    return encoded


def examine(program: bytes, path: str, directory: str = "") -> None:
    """
    Look whether a program can be run.  This may wait for a disk.

    @param path: Directories to look for it, as in C{PATH}.

    @param directory: Where it will be run; empty for our own directory.

    @raise LaunchFailed: If it cannot.
    """
    name = program.decode("utf-8", "surrogateescape")
    where = os.fsencode(directory)
    if where:
        _examineDirectory(where)
    try:
        _examineFile(name, _find(program, os.fsencode(path), where), where)
    except OSError as error:
        raise refuse(name, error) from error


def refuse(program: str, error: OSError) -> LaunchFailed | NoRoom:
    """
    Make the error for a program that cannot be run.
    """
    if error.errno in _SHORTAGES:
        return NoRoom(f"cannot start a process: {os.strerror(error.errno or 0)}")
    return LaunchFailed(_explain(program, error))


def _explain(program: str, error: OSError) -> str:
    """
    Say in words why a program cannot be run.
    """
    if error.errno == errno.ENOENT:
        return f"command not found: {program!r}"
    if error.errno == errno.EACCES:
        return f"permission to run {program!r} is denied"
    if error.errno == errno.E2BIG:
        return f"the arguments of {program!r} are too long"
    return f"cannot run {program!r}: {os.strerror(error.errno or 0)}"


def _examineDirectory(directory: bytes) -> None:
    """
    Check that a directory can be worked in.
    """
    try:
        if not stat.S_ISDIR(os.stat(directory).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(directory, os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        name = directory.decode("utf-8", "surrogateescape")
        raise LaunchFailed(
            f"cannot change to the directory {name!r}: {os.strerror(error.errno or 0)}"
        ) from error


def _find(program: bytes, path: bytes, where: bytes) -> bytes:
    """
    Find a program as a shell does: the first that may be executed.

    @raise OSError: If there is none.
    """
    if b"/" in program:
        _permit(os.path.join(where, program))
        return os.path.join(where, program)
    refusal: OSError = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    for directory in path.split(b":"):
        candidate = os.path.join(where, directory or b".", program)
        try:
            _permit(candidate)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            refusal = error
        else:
            return candidate
    raise refusal


def _permit(file: bytes) -> None:
    """
    Check that a file is one, and may be executed.
    """
    if stat.S_ISDIR(os.stat(file).st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(os.stat(file).st_mode) or not os.access(file, os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _examineFile(program: str, file: bytes, where: bytes) -> None:
    """
    Check that the kernel will know what to do with a file.
    """
    head = _head(file)
    if head is None:
        return
    if head.startswith(_SCRIPT):
        _examineInterpreter(program, head, where)
    elif not _ours(head) and not _taught():
        raise LaunchFailed(f"{program!r} has a format that cannot be run here")


def _head(file: bytes) -> bytes | None:
    """
    Read the beginning of a file; C{None} if one may execute but not read it.
    """
    try:
        with open(file, "rb", buffering=0) as opened:
            return opened.read(_HEAD)
    except PermissionError:
        return None


def _examineInterpreter(program: str, head: bytes, where: bytes) -> None:
    """
    Check that what a script wants to be run by is there.
    """
    words = head[len(_SCRIPT) :].split(b"\n")[0].split()
    if not words:
        raise LaunchFailed(f"the script {program!r} names no interpreter")
    try:
        _permit(os.path.join(where, words[0]))
    except OSError as error:
        if error.errno in _SHORTAGES:
            raise
        interpreter = words[0].decode("utf-8", "backslashreplace")
        said = os.strerror(error.errno or 0)
        raise LaunchFailed(
            f"the interpreter {interpreter!r} of the script {program!r} "
            f"cannot be run: {said}"
        ) from error


def _ours(head: bytes) -> bool:
    """
    Say whether an executable was made for machines like this one.
    """
    if not head.startswith(_ELF) or len(head) < _SMALLEST_ELF:
        return False
    machines = (_machine(), head[_MACHINE])
    return machines[0] == machines[1] or machines in _COUSINS


@cache
def _machine() -> bytes:
    """
    Say what kind of machine this one is, as headers say it.
    """
    return (_head(b"/proc/self/exe") or b"")[_MACHINE]


def _taught() -> bool:
    """
    Say whether the kernel may know formats that we do not.
    """
    try:
        names = os.listdir(_TAUGHT)
    except OSError:
        return False
    return not {*names} <= {"register", "status"}
