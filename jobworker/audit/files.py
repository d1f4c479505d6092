"""
A file that is only ever appended to, and begun anew when it is large.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSPC
from time import monotonic
from typing import ClassVar, Final

from attrs import define, field

from twisted.logger import Logger

from ..errors import BadConfiguration

_FLAGS: Final = (
    os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
)

# Seconds until it is tried again to begin a new file.
_PAUSE: Final = 60.0


@define(eq=False)
class AuditFile:
    """
    The file, and those before it: C{PATH.1} is the last, C{PATH.2} the one
    before that.

    Somebody else may move the file away (logrotate does): then a new one is
    begun.

    @ivar _limit: Bytes that it may have; 0 for any number.
    @ivar _kept: How many older ones there may be.
    @ivar _again: When to try again to begin a new one.
    """

    log: ClassVar[Logger] = Logger()

    path: str
    _limit: int
    _kept: int
    _clock: Callable[[], float] = monotonic
    _write: Callable[[int, bytes], int] = os.write
    _descriptor: int | None = field(default=None, init=False)
    _size: int = field(default=0, init=False)
    _again: float = field(default=float("-inf"), init=False)

    @property
    def isOpen(self) -> bool:
        """
        Whether it was opened, and not closed.
        """
        return self._descriptor is not None

    def open(self, owner: tuple[int, int] | None = None) -> None:
        """
        Open the file.

        @param owner: The user and the group whose it is to be.

        @raise OSError: If that is not possible.

        @raise BadConfiguration: If it is no file that can be trusted.
        """
        descriptor = os.open(self.path, _FLAGS, 0o600)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
                raise BadConfiguration(
                    f"the audit log {self.path} is no file, or has other names too"
                )
            if owner is not None and (found.st_uid, found.st_gid) != owner:
                os.fchown(descriptor, *owner)
            # Whoever wrote it last may have died in the middle of a line.
            size = found.st_size
            if size and os.pread(descriptor, 1, size - 1) != b"\n":
                size += os.write(descriptor, b"\n")
        except BaseException:
            os.close(descriptor)
            raise
        self.close()
        self._descriptor, self._size = descriptor, size

    def requireRotation(self) -> None:
        """
        Make sure that a new file can be begun, if that is ever to happen.

        @raise BadConfiguration: If not.
        """
        folder = os.path.dirname(self.path)
        if self._limit and not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
            raise BadConfiguration(
                f"user {os.geteuid()} cannot begin new audit logs in {folder}: give "
                "them a directory of that user, or say --audit-size 0"
            )

    def append(self, data: bytes) -> int:
        """
        Write lines, if need be to a new file.

        @return: How many bytes were written, which may be fewer: those of whole
            lines.

        @raise OSError: If none can be.
        """
        self._follow()
        if self._limit and 0 < self._size > self._limit - len(data):
            self._rotate()
        assert self._descriptor is not None
        written = self._write(self._descriptor, data)
        if written < len(data):
            written = self._takeBack(data[:written])
        self._size += written
        return written

    def close(self) -> None:
        """
        Close the file; what was written is on disk then.
        """
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            with suppress(OSError):
                os.fsync(descriptor)
            os.close(descriptor)

    def _takeBack(self, data: bytes) -> int:
        """
        The disk has no room for more than this: leave no part of a line.

        @return: How many bytes are left of it.

        @raise OSError: If there are none.
        """
        assert self._descriptor is not None
        whole = data.rfind(b"\n") + 1
        try:
            os.ftruncate(self._descriptor, self._size + whole)
        except PermissionError:
            # Somebody has made it a file that can only grow (chattr +a).
            whole = len(data)
        if not whole:
            raise OSError(ENOSPC, os.strerror(ENOSPC))
        return whole

    def _follow(self) -> None:
        """
        Open the file, if there is another or none where it should be.
        """
        if self._descriptor is not None:
            ours = os.fstat(self._descriptor)
            with suppress(FileNotFoundError):
                there = os.stat(self.path, follow_symlinks=False)
                if (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino):
                    # Somebody may have made it shorter.
                    self._size = ours.st_size
                    return
        try:
            self.open()
        except BadConfiguration as error:
            raise OSError(0, error.reason) from error

    def _rotate(self) -> None:
        """
        Begin a new file.  If that fails, no line is lost for it: the old one
        grows on.
        """
        if self._clock() < self._again:
            return
        try:
            for number in range(self._kept - 1, 0, -1):
                with suppress(FileNotFoundError):
                    os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
            os.rename(self.path, f"{self.path}.1")
        except OSError as error:
            self._again = self._clock() + _PAUSE
            self.log.error(
                "cannot begin a new audit log {path}: {error}; the old one grows on",
                path=self.path,
                error=error.strerror,
            )
            return
        self._follow()
