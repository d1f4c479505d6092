"""
How much a job may ask for, and how it may be called.

L{check} is called once, where a request comes in.  What becomes of what was
asked for is not known here.
"""

from __future__ import annotations

import re
from typing import Final

from .errors import BadSpecification
from .specification import (
    MARK,
    NOTHING,
    RESOURCES,
    UNLIMITED,
    ResourceLimit,
    Specification,
)

#: The fewest files that a job can be limited to: the shell that becomes its
#: command needs some.
MIN_FILES: Final = 16

#: The most variables that a start may set and unset, the longest name and
#: value, and the most of all of them, in bytes.
MAX_VARIABLES: Final = 256
MAX_VARIABLE_NAME: Final = 128
MAX_VARIABLE: Final = 32 * 1024
MAX_ENVIRONMENT: Final = 128 * 1024

#: The longest path of a working directory, in bytes.
MAX_DIRECTORY: Final = 4095

#: The greatest niceness.
MAX_NICE: Final = 19

#: The longest time that can be asked for, in seconds: a year; and the longest
#: grace: a day.
MAX_TIME: Final = 366 * 24 * 3600
MAX_GRACE: Final = 24 * 3600

#: The most labels, and the longest name or value of one, in characters.
MAX_LABELS: Final = 64
MAX_LABEL: Final = 256

#: The longest human name and the longest key, in characters.
MAX_NAME: Final = 128
MAX_KEY: Final = 256

#: The most bytes of standard input.
MAX_INPUT: Final = 64 * 1024

#: The longest name of a user or group.
MAX_ACCOUNT: Final = 64

_MAX_LIMIT: Final = 2**63 - 1
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*", re.ASCII)
_ACCOUNT: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?", re.ASCII)
_LABEL: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?", re.ASCII)

# What the shell that starts jobs sets for itself.
_SHELL: Final = frozenset({MARK, "IFS", "LINENO", "OLDPWD", "OPTIND", "PPID"}) | {
    "PWD",
    "SHLVL",
    "_",
}


def isLabel(name: str) -> bool:
    """
    Say whether a label can have this name.
    """
    return len(name) <= MAX_LABEL and _LABEL.fullmatch(name) is not None


def isName(text: str) -> bool:
    """
    Say whether a job can have this name.
    """
    return len(text) <= MAX_NAME and _NAME.fullmatch(text) is not None


def check(wanted: Specification) -> None:
    """
    See whether what is asked for is within all limits.

    @raise BadSpecification: If it is not.
    """
    if wanted == NOTHING:
        return
    _checkEnvironment(wanted)
    _checkProcess(wanted)
    for limit in wanted.limits:
        _checkLimit(limit)
    if len({limit.resource for limit in wanted.limits}) != len(wanted.limits):
        raise BadSpecification("limits", "a resource is limited twice")
    _checkTime("timeout", wanted.timeout)
    _checkTime("idle_timeout", wanted.idleTimeout)
    if not 0 <= wanted.stopSignal <= 64:
        raise BadSpecification(
            "stop_signal", f"{wanted.stopSignal} is no signal; those are 1 to 64"
        )
    if wanted.stopGrace is not None and not 0 <= wanted.stopGrace <= MAX_GRACE:
        raise BadSpecification(
            "stop_grace", f"the grace must be 0 to {MAX_GRACE} seconds"
        )
    _checkNames(wanted)
    _checkAccounts(wanted)
    if wanted.input is not None and wanted.input.size > MAX_INPUT:
        raise BadSpecification(
            "stdin",
            f"{wanted.input.size} bytes of standard input; {MAX_INPUT} at most",
        )


def _checkEnvironment(wanted: Specification) -> None:
    """
    Check names and sizes of variables.
    """
    names = [name for name, _ in wanted.environment]
    if len(names) > MAX_VARIABLES:
        raise BadSpecification(
            "environment", f"{len(names)} variables; {MAX_VARIABLES} at most"
        )
    if len(set(names)) != len(names):
        raise BadSpecification("environment", "a variable is named twice")
    total = 0
    for name, value in wanted.environment:
        if len(name) > MAX_VARIABLE_NAME or not _VARIABLE.fullmatch(name):
            raise BadSpecification(
                "environment",
                f"{name[:MAX_VARIABLE_NAME]!r} is no name of a variable: letters, "
                f"digits and _, no digit first, {MAX_VARIABLE_NAME} at most",
            )
        if name in _SHELL:
            raise BadSpecification("environment", f"{name} cannot be changed")
        size = len((value or "").encode("utf-8", "surrogatepass"))
        if "\0" in (value or "") or size > MAX_VARIABLE:
            raise BadSpecification(
                "environment",
                f"the value of {name} has a NUL character or more than "
                f"{MAX_VARIABLE} bytes",
            )
        total += len(name) + size + 2
    if total > MAX_ENVIRONMENT:
        raise BadSpecification(
            "environment", f"{total} bytes of variables; {MAX_ENVIRONMENT} at most"
        )


def _checkProcess(wanted: Specification) -> None:
    """
    Check what is set of a process.
    """
    directory = wanted.directory
    if directory and (
        not directory.startswith("/")
        or "\0" in directory
        or len(directory.encode("utf-8", "surrogatepass")) > MAX_DIRECTORY
    ):
        raise BadSpecification(
            "directory",
            f"a working directory is an absolute path of {MAX_DIRECTORY} bytes at most",
        )
    if wanted.umask is not None and not 0 <= wanted.umask <= 0o777:
        raise BadSpecification("umask", "the umask must be 0 to 777, in octal")
    if wanted.nice is not None and not 0 <= wanted.nice <= MAX_NICE:
        raise BadSpecification("nice", f"the niceness must be 0 to {MAX_NICE}")


def _checkLimit(limit: ResourceLimit) -> None:
    """
    Check one resource limit.
    """
    if limit.resource not in RESOURCES:
        raise BadSpecification(
            "limits",
            f"there is no limit {limit.resource[:32]!r}; those are "
            + ", ".join(RESOURCES),
        )
    for value in (limit.soft, limit.hard):
        if not UNLIMITED <= value <= _MAX_LIMIT:
            raise BadSpecification("limits", f"{value} is no limit")
    if limit.hard != UNLIMITED and not 0 <= limit.soft <= limit.hard:
        raise BadSpecification(
            "limits", f"the soft limit {limit.resource} is above the hard one"
        )
    if limit.resource == "nofile" and UNLIMITED < limit.soft < MIN_FILES:
        raise BadSpecification("limits", f"a job needs {MIN_FILES} files at least")


def _checkTime(field: str, seconds: float | None) -> None:
    """
    Check a time after which a job is ended.
    """
    if seconds is not None and not 0 < seconds <= MAX_TIME:
        raise BadSpecification(
            field, f"a time limit is more than 0 and at most {MAX_TIME} seconds"
        )


def _checkNames(wanted: Specification) -> None:
    """
    Check what a job can be found by.
    """
    if len(wanted.labels) > MAX_LABELS:
        raise BadSpecification(
            "labels", f"{len(wanted.labels)} labels; {MAX_LABELS} at most"
        )
    for name, value in wanted.labels:
        if not isLabel(name):
            raise BadSpecification(
                "labels",
                f"{name[:MAX_LABEL]!r} is no name of a label: letters, digits and "
                f"_ . / - between them, {MAX_LABEL} at most",
            )
        if len(value) > MAX_LABEL or not value.isprintable():
            raise BadSpecification(
                "labels",
                f"the value of the label {name} is longer than {MAX_LABEL} "
                "characters or cannot be printed",
            )
    if wanted.name and not isName(wanted.name):
        raise BadSpecification(
            "name",
            f"a name is {MAX_NAME} letters, digits and _ . - at most, a letter or "
            "digit first",
        )
    if len(wanted.key) > MAX_KEY or not wanted.key.isprintable():
        raise BadSpecification(
            "key", f"a key is {MAX_KEY} characters at most that can be printed"
        )


def _checkAccounts(wanted: Specification) -> None:
    """
    Check who a job is to run as.
    """
    for what, name in (("user", wanted.user), ("group", wanted.group)):
        if name and (len(name) > MAX_ACCOUNT or not _ACCOUNT.fullmatch(name)):
            raise BadSpecification(
                what, f"this is no name of a {what}; {MAX_ACCOUNT} characters at most"
            )
    if wanted.group and not wanted.user:
        raise BadSpecification("group", "a group is for jobs that have a user")
