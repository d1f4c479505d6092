"""
How two processes that may be of different versions find out whether they can
talk to each other.
"""

from __future__ import annotations

import os
from typing import Final

from attrs import frozen

from .. import __version__
from ..api import supervisor_pb2 as pb
from .abilities import OURS, Ability
from .conversion import decode, encode

#: The versions of the protocol that this package speaks.
OLDEST: Final = 1
NEWEST: Final = 1


class Misfit(Exception):
    """
    The two sides have no version of the protocol in common.
    """


@frozen
class Greeting:
    """
    What a process says of itself.

    @ivar oldest: The oldest version of the protocol that it speaks.
    @ivar newest: The newest.
    @ivar package: The version of its package, for people.
    @ivar capabilities: The names of its abilities, among them maybe some that
        nobody here knows.
    """

    oldest: int = OLDEST
    newest: int = NEWEST
    package: str = __version__
    capabilities: frozenset[str] = frozenset()
    pid: int = 0

    def can(self, ability: Ability) -> bool:
        """
        Say whether it has an ability.
        """
        return ability.name in self.capabilities


def ourGreeting() -> Greeting:
    """
    Say what this process is.
    """
    names = frozenset(ability.name for ability in OURS)
    return Greeting(capabilities=names, pid=os.getpid())


def agree(ours: Greeting, theirs: Greeting) -> int:
    """
    Find the version to speak.

    @raise Misfit: If there is none, with words that say which side to renew.
    """
    version = min(ours.newest, theirs.newest)
    if version >= max(ours.oldest, theirs.oldest):
        return version
    older, newer = sorted((ours, theirs), key=lambda each: each.newest)
    raise Misfit(
        f"jobworker {older.package} (pid {older.pid}) speaks version "
        f"{older.newest} of the protocol at most and jobworker {newer.package} "
        f"(pid {newer.pid}) version {newer.oldest} at least: restart the older one "
        "from the newer package"
    )


def convertGreeting(greeting: Greeting) -> pb.Hello:
    """
    Make a message of a greeting.
    """
    return pb.Hello(
        oldest=greeting.oldest,
        newest=greeting.newest,
        package_version=encode(greeting.package),
        capabilities=sorted(greeting.capabilities),
        pid=greeting.pid,
    )


def unconvertGreeting(message: pb.Hello) -> Greeting:
    """
    Make a greeting of a message.
    """
    return Greeting(
        message.oldest,
        message.newest,
        decode(message.package_version),
        frozenset(message.capabilities),
        message.pid,
    )
