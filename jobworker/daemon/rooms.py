"""
A directory for the socket between the door and the gRPC server of one process.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import Final

from attrs import frozen

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


def makeRoom(folder: str | None = None) -> Room:
    """
    Make a room, and remove those of our user whose processes were killed.

    @param folder: Where; C{None} is the directory for temporary files.

    @raise OSError: If it cannot be made.
    """
    if folder is None:
        folder = tempfile.gettempdir()
        if len(os.fsencode(folder)) > _LONGEST - 40:
            folder = "/tmp"  # noqa: S108 - what is made there is ours alone
    for name in os.listdir(folder):
        match = _NAME.fullmatch(name)
        if match is not None and not os.path.exists(f"/proc/{match[1]}"):
            _removeOurs(os.path.join(folder, name))
    return Room(
        tempfile.mkdtemp(prefix=f"jobworker-gateway-{os.getpid()}-", dir=folder)
    )


def _removeOurs(path: str) -> None:
    """
    Remove a room unless it is another user's.
    """
    try:
        if os.lstat(path).st_uid == os.geteuid():
            shutil.rmtree(path, ignore_errors=True)
    except FileNotFoundError:
        return
