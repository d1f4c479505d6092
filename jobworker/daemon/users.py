"""
Becoming a user who may do less.
"""

from __future__ import annotations

import os
import pwd

from ..errors import BadConfiguration
from .state import GatewayUser, findGatewayUser


def userToBecome(name: str | None) -> GatewayUser | None:
    """
    Look up the user to become, if one was named.

    @raise BadConfiguration: If there is none of that name, or we may not become
        that user.
    """
    if name is None:
        return None
    user = findGatewayUser(name)
    if os.geteuid() not in (0, user.uid):
        raise BadConfiguration(f"only root can become the user {name!r}")
    return user


def becomeUser(user: GatewayUser) -> None:
    """
    Become a user for good, unless we are that user.

    Call this while there is one thread.
    """
    if os.geteuid() != user.uid:
        os.initgroups(pwd.getpwuid(user.uid).pw_name, user.gid)
        os.setgid(user.gid)
        os.setuid(user.uid)
