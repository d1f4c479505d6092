"""
Whether what a supervisor writes to is there, and can still be found by its
name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

from attrs import define, field

from twisted.internet.interfaces import IReactorTime

from ..errors import BadConfiguration, StorageFailed
from ..roster.reserve import DiskReserve, Reserve
from .state import StateDirectory


@define(eq=False)
class Presence:
    """
    Files and directories that are open or will be, as they were at first.

    Who deletes or replaces one of them does not stop its writers: they go on
    writing to what nobody will ever find.

    @ivar _places: Device and inode of each, by its path.
    """

    _places: dict[str, tuple[int, int]] = field(factory=dict, init=False)

    def remember(self, paths: Iterable[str]) -> None:
        """
        Look at some of them for the first time.

        @raise OSError: If one is not there.
        """
        self._places.update((path, _identify(path)) for path in paths)

    def check(self) -> None:
        """
        Make sure that all are as they were.

        @raise StorageFailed: If not.
        """
        for path, place in self._places.items():
            try:
                same = _identify(path) == place
            except OSError as error:
                raise StorageFailed(
                    f"{path} cannot be found: {error.strerror}"
                ) from error
            if not same:
                raise StorageFailed(
                    f"{path} was replaced while the supervisor ran, which must be "
                    "started again"
                )


def _identify(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def requireTable(state: StateDirectory) -> None:
    """
    Make sure that there is a table if there are logs of jobs: who has lost it
    would lose them too, because no job is known that they are of.

    @raise BadConfiguration: If not.
    """
    try:
        there = os.stat(state.table).st_size > 0
    except FileNotFoundError:
        there = False
    if not there and any(map(os.listdir, _shelves(state))):
        raise BadConfiguration(
            f"the job table {state.table} is missing or empty, but there are logs of "
            f"jobs in {state.logs}: restore it from a backup, or move the logs away "
            "to begin anew"
        )


def _shelves(state: StateDirectory) -> list[str]:
    with os.scandir(state.logs) as entries:
        return [entry.path for entry in entries if entry.is_dir()]


def makeAdmission(
    reactor: IReactorTime, state: StateDirectory, reserve: Reserve
) -> Callable[[], None]:
    """
    Make what raises a reason if no job may start.
    """
    presence = Presence()
    presence.remember((state.path, state.lock, state.logs, state.table))
    enough = DiskReserve(reactor, state.path, reserve)

    def admit() -> None:
        presence.check()
        enough()

    return admit
