"""
Running a command as somebody else.

What becomes of that is told by the telltale descriptor: the word C{user} before
it is tried, and C{ok} behind it by the shell that has become that user.
"""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Sequence
from typing import Final

from attrs import frozen

from ..errors import LaunchFailed

#: What is told when it was tried, and when it has succeeded.
TRIED: Final = b"user\n"
BECOME: Final = b"ok\n"

#: What the shell says that has become the user.
TELL: Final = "echo ok >&3\n"

_TRY: Final = 'echo user >&3\nexec "$@"\n'


@frozen
class Account:
    """
    A user of this host, and the group to run as.

    @ivar group: The name of that; empty if it has none.
    """

    name: str
    uid: int
    gid: int
    home: str
    group: str = ""

    @property
    def variables(self) -> dict[str, str]:
        """
        What a login sets.
        """
        return {"HOME": self.home, "USER": self.name, "LOGNAME": self.name}


def findAccount(user: str, group: str) -> Account:
    """
    Look up a user, and a group if one is named.  This may wait for a directory
    service.

    @raise LaunchFailed: If there is none, or we may become nobody else.
    """
    if os.geteuid() != 0:
        raise LaunchFailed(
            "the supervisor does not run as root, and can start no job as another user"
        )
    try:
        found = _user(user)
    except (KeyError, OverflowError):
        raise LaunchFailed(f"this host has no user {user!r}") from None
    try:
        gid = _group(group) if group else found.pw_gid
    except (KeyError, OverflowError):
        raise LaunchFailed(f"this host has no group {group!r}") from None
    home = found.pw_dir or "/"
    return Account(found.pw_name, found.pw_uid, gid, home, groupName(gid))


def groupName(number: int) -> str:
    """
    Look up the name of a group; it is empty if there is none.
    """
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""


def becoming(
    setpriv: str, shell: str, account: Account, arguments: Sequence[str | bytes]
) -> list[str | bytes]:
    """
    Write the arguments of a shell that becomes a user, with the groups that
    the user is in, and executes something.

    @param setpriv: The program of util-linux.
    """
    return [
        *(shell, "-c", _TRY, "jobworker"),
        *(setpriv, f"--reuid={account.uid}", f"--regid={account.gid}"),
        *("--init-groups", "--", *arguments),
    ]


def _user(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        if not name.isdecimal():
            raise
        return pwd.getpwuid(int(name))


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        if not name.isdecimal():
            raise
        return grp.getgrgid(int(name)).gr_gid
