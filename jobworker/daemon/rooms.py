"""
A directory for the socket between the door and the gRPC server of one process.
"""

from __future__ import annotations

import os
import re
import shutil
from secrets import token_hex
from typing import Final

from attrs import frozen

from ..errors import BadConfiguration

_NAME: Final = re.compile(r"jobworker-gateway-([0-9]+)-\w+")

# What a directory may have so that a socket in it can be reached: unix(7).
_LONGEST: Final = 90


@frozen
class Room:
    """
    A directory that nobody else may enter.
    """

    path: str

    @property
    def socket(self) -> str:
        """
        Where the gRPC server listens.
        """
        return os.path.join(self.path, "grpc")

    def make(self) -> None:
        """
        Make it, and remove those of our user whose processes were killed.

        @raise BadConfiguration: If it cannot be made.
        """
        try:
            _removeStale(os.path.dirname(self.path))
            os.mkdir(self.path, 0o700)
        except OSError as error:
            raise BadConfiguration(
                f"cannot make the directory {self.path}: {error.strerror}"
            ) from error

    def handOver(self, uid: int, gid: int) -> None:
        """
        Give it to the user that this process becomes.
        """
        os.chown(self.path, uid, gid)

    def remove(self) -> None:
        """
        Remove it, with what is in it.
        """
        shutil.rmtree(self.path, ignore_errors=True)


def chooseRoom(folder: str | None = None) -> Room:
    """
    Choose where a room of this process is to be.

    @param folder: In which directory; C{None} is the one for temporary files.
    """
    if folder is None:
        # The module tempfile would try whether it can write there, and leave
        # the file if a signal came.
        folder = os.path.abspath(os.environ.get("TMPDIR") or "/tmp")  # noqa: S108
        if len(os.fsencode(folder)) > _LONGEST - 40:
            folder = "/tmp"  # noqa: S108 - what is made there is ours alone
    name = f"jobworker-gateway-{os.getpid()}-{token_hex(4)}"
    return Room(os.path.join(folder, name))


def _removeStale(folder: str) -> None:
    """
    Remove the rooms of our user whose processes are gone.
    """
    for name in os.listdir(folder):
        match = _NAME.fullmatch(name)
        if match is not None and not os.path.exists(f"/proc/{match[1]}"):
            _removeOurs(os.path.join(folder, name))


def _removeOurs(path: str) -> None:
    """
    Remove a room unless it is another user's.
    """
    try:
        if os.lstat(path).st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)
    except FileNotFoundError:
        return
