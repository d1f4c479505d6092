"""
Options that say how much of jobs is kept on disk.

A gateway that starts a supervisor passes them on, so that they stay text until
they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from ..logs.quota import Policy, Quota
from ..roster.reserve import Reserve
from ..roster.retention import Retain
from .quantities import parseSize, parseTime

_T = TypeVar("_T")


def parseQuota(text: str) -> Quota:
    """
    Read what one log may hold.

    @raise ValueError: If it is no size, or too small.
    """
    return Quota(parseSize(text))


def parsePolicy(text: str) -> Policy:
    """
    Read what is done at the quota.

    @raise ValueError: If there is no such policy.
    """
    try:
        return Policy(text)
    except ValueError:
        words = ", ".join(policy.value for policy in Policy)
        raise ValueError(f"{text!r} is not one of: {words}") from None


def parseRetain(text: str) -> Retain:
    """
    Read which jobs that have ended are kept.

    @raise ValueError: If it says nothing that is known.
    """
    readers: dict[str, Callable[[str], Any]] = {
        "age": parseTime,
        "count": _count,
        "size": parseSize,
    }
    limits: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        name, _, value = part.strip().partition("=")
        if name not in readers or name in limits:
            raise ValueError(f"{text!r} is not like age=30d,count=10000,size=20G")
        limits[name] = readers[name](value)
    return Retain(**limits)


def parseReserve(text: str) -> Reserve:
    """
    Read how much of the disk is left for jobs that run.

    @raise ValueError: If it is neither a size nor a part.
    """
    if not text.endswith("%"):
        return Reserve(parseSize(text))
    try:
        percent = float(text[:-1])
    except ValueError:
        percent = -1.0
    if not 0 <= percent <= 100:
        raise ValueError(f"{text!r} is no part of a disk; write 5%")
    return Reserve(percent=percent)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text!r} is not a number")
    return int(text)


def _checked(read: Callable[[str], _T]) -> Callable[[str], str]:
    """
    Make a reader that leaves a text as it is, if it can be read.
    """

    def check(text: str) -> str:
        read(text)
        return text

    return check


#: The options, for C{optParameters}.
KEEPING: Final[Sequence[Sequence[Any]]] = (
    ("log-quota", None, "1G", "The most that a job's log takes on disk; 0: no limit."),
    (
        *("log-policy", None, Policy.DROP_OLDEST.value),
        "What becomes of a full log: drop-oldest, stop-writing, kill-job.",
    ),
    (
        *("retain", None, ""),
        "Forget ended jobs beyond limits, as in age=30d,count=10000,size=20G.",
    ),
    (
        *("reserve", None, "64M"),
        "Start no job if less of the disk is left: a size, or 5%.",
    ),
)

#: Their readers, for L{jobworker.daemon.options.StrictOptions}.
CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "log-quota": _checked(parseQuota),
    "log-policy": _checked(parsePolicy),
    "retain": _checked(parseRetain),
    "reserve": _checked(parseReserve),
}


def keepingArguments(options: Mapping[str, str]) -> list[str]:
    """
    Write the options for another command line.
    """
    return [f"--{name}={options[name]}" for name in CHECKS]


def readQuota(options: Mapping[str, str]) -> Quota:
    """
    Make the quota of the options.
    """
    limit = parseQuota(options["log-quota"]).limit
    return Quota(limit, parsePolicy(options["log-policy"]))
