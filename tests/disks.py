"""
Disks that can be full, and processes that can have but few files open.
"""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from pathlib import Path
from typing import Protocol

from attrs import define

from tests.daemons import Daemon, processesOf

#: Bytes that a small disk has.
SIZE = 12 * 2**20


class Disk(Protocol):
    """
    Where a state directory is.
    """

    def fill(self) -> None:
        """
        Let it take nothing more.
        """

    def free(self) -> None:
        """
        Let it have room again.
        """


@define
class SmallDisk:
    """
    A file system of its own, which takes root to have.
    """

    path: Path

    def mount(self) -> None:
        """
        Begin to exist.
        """
        self.path.mkdir(mode=0o700)
        _mount("-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(self.path))

    def unmount(self) -> None:
        """
        Exist no more.
        """
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def protect(self) -> None:
        """
        Let nothing be opened for writing any more.

        What is open stays so, or else the kernel would refuse.
        """
        _mount("--bind", str(self.path), str(self.path))
        _mount("-o", "remount,ro,bind", str(self.path))

    def unprotect(self) -> None:
        """
        Take back L{protect}.
        """
        subprocess.run(["umount", "--lazy", str(self.path)], check=True)

    def fill(self) -> None:
        """
        Write until nothing fits any more.
        """
        with open(self.path / "filler", "ab", 0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC

    def free(self) -> None:
        """
        Delete what was written for that.
        """
        (self.path / "filler").unlink()


@define
class RefusingDisk:
    """
    A limit for files that a supervisor writes: it needs no privileges.
    """

    daemon: Daemon

    def fill(self) -> None:
        """
        Let no file become longer.
        """
        self._limit(0)

    def free(self) -> None:
        """
        Let them become as long as may be.
        """
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        limits = (size, resource.RLIM_INFINITY)
        resource.prlimit(supervisorOf(self.daemon), resource.RLIMIT_FSIZE, limits)


@define
class FrugalDaemon(Daemon):
    """
    A daemon that may have but few files open.
    """

    def arguments(self, *more: str) -> list[str]:
        """
        Write the command that starts it.
        """
        return ["prlimit", "--nofile=64:64", *super().arguments(*more)]


def supervisorOf(daemon: Daemon) -> int:
    """
    Find the supervisor of a daemon that runs.
    """
    assert daemon.process is not None
    (found,) = set(processesOf(str(daemon.state))) - {daemon.process.pid}
    return found


def descriptorsOf(pid: int) -> int:
    """
    Count the files that a process has open.
    """
    return len(os.listdir(f"/proc/{pid}/fd"))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)
