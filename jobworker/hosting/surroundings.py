"""
What jobs inherit of this process.
"""

from __future__ import annotations

import os
import pwd
import resource
from collections.abc import Iterable

from attrs import evolve

from ..conditions import Conditions
from ..specification import RESOURCES, UNLIMITED, ResourceLimit
from .becoming import Account, groupName


def readConditions(
    variables: Iterable[str], openFiles: int | None = None
) -> Conditions:
    """
    Find out what a job finds that asks for nothing.

    It is asked once: nothing of it changes later, unless somebody changes the
    limits of this process from outside.

    @param variables: The names of the variables that a job gets.

    @param openFiles: How many files a job may have open; C{None}: as many as
        this process.
    """
    uid, gid = os.geteuid(), os.getegid()
    return Conditions(
        directory=os.getcwd(),
        umask=_readUmask(),
        nice=os.getpriority(os.PRIO_PROCESS, 0),
        limits=tuple(_limit(name, openFiles) for name in sorted(RESOURCES)),
        userNumber=uid,
        user=_userName(uid),
        groupNumber=gid,
        group=groupName(gid),
        variables=tuple(sorted(variables)),
    )


def become(usual: Conditions, account: Account) -> Conditions:
    """
    Find out what a job finds that asks for nothing but to run as a user.
    """
    return evolve(
        usual,
        directory="/",
        userNumber=account.uid,
        user=account.name,
        groupNumber=account.gid,
        group=account.group,
        variables=tuple(sorted({*usual.variables, *account.variables})),
    )


def _readUmask() -> int:
    """
    Read the mask; umask(2) could only change it, for other threads too.
    """
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        found = [line.split()[1] for line in lines if line.startswith("Umask:")]
    return int(found[0], 8)


def _limit(name: str, openFiles: int | None) -> ResourceLimit:
    soft, hard = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))
    # The shell cannot set more than the hard limit, and goes on if it is to.
    if (
        name == "nofile"
        and openFiles is not None
        and (hard == UNLIMITED or openFiles <= hard)
    ):
        soft = openFiles
    return ResourceLimit(name, soft, hard)


def _userName(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return ""
