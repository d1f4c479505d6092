"""
A part of the disk that no new job may begin to use.

It is for the jobs that run, whose output must go somewhere, and for the job
table.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol

from attrs import define, field, frozen

from twisted.internet.interfaces import IReactorTime

from ..errors import NoRoom

# Seconds for which the disk need not be looked at again.
_FRESH: Final = 0.25

# Files that must be left whatever was reserved: what a few jobs take.
_FILES: Final = 64

_MEBIBYTE: Final = 2**20


@frozen
class Reserve:
    """
    How much must be left for a new job to start.

    @ivar size: Bytes.
    @ivar percent: The same as a part of the file system, and of the files that
        it can have.
    """

    size: int = 0
    percent: float = 0.0


class FileSystem(Protocol):
    """
    What C{statvfs} says; see statvfs(3).
    """

    @property
    def f_frsize(self) -> int:
        """
        The unit of blocks, in bytes.
        """

    @property
    def f_blocks(self) -> int:
        """
        All blocks.
        """

    @property
    def f_bavail(self) -> int:
        """
        Free blocks, for us.
        """

    @property
    def f_files(self) -> int:
        """
        All files that there can be, or 0 if their number is not limited.
        """

    @property
    def f_favail(self) -> int:
        """
        Files that can still be made, by us.
        """


@define(eq=False)
class DiskReserve:
    """
    Refuses new jobs while the disk is nearly full.

    An instance is what L{jobworker.roster.local.LocalRoster} calls before it
    starts a job.

    @ivar _path: Something on the file system.
    @ivar _verdict: Why there was no room when it was last looked; empty if
        there was.
    @ivar _until: Until when that holds.
    """

    _clock: IReactorTime
    _path: str
    _reserve: Reserve
    _look: Callable[[str], FileSystem] = os.statvfs
    _verdict: str = field(default="", init=False)
    _until: float = field(default=float("-inf"), init=False)

    def __call__(self) -> None:
        """
        Let a job start, or not.

        @raise NoRoom: If there is less than the reserve.
        """
        now = self._clock.seconds()
        if now >= self._until:
            self._until = now + _FRESH
            self._verdict = self._judge()
        if self._verdict:
            raise NoRoom(self._verdict)

    def _judge(self) -> str:
        """
        Look at the disk.

        @return: Why there is no room.
        """
        try:
            disk = self._look(self._path)
        except OSError as error:
            return f"the disk of {self._path} cannot be looked at: {error.strerror}"
        free = disk.f_bavail * disk.f_frsize
        part = self._reserve.percent / 100
        wanted = max(self._reserve.size, int(disk.f_blocks * disk.f_frsize * part))
        if free < wanted:
            return (
                f"the disk of {self._path} has {free // _MEBIBYTE} MiB left, and "
                f"{wanted // _MEBIBYTE} MiB are reserved for jobs that run; "
                "delete some that have ended"
            )
        files = max(_FILES, int(disk.f_files * part))
        if disk.f_files and disk.f_favail < files:
            return (
                f"the disk of {self._path} can have {disk.f_favail} more files, and "
                f"{files} are reserved for jobs that run; delete some that have ended"
            )
        return ""
