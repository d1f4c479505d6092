"""
Files that commands write.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import CannotCreate


def cannotWrite(path: str | Path, error: OSError | ValueError) -> CannotCreate:
    """
    Say that a file cannot be written.
    """
    reason = (isinstance(error, OSError) and error.strerror) or error
    return CannotCreate(
        f"cannot write {str(path)!r}: {reason}; check the name and who may write there"
    )


def writePrivate(path: Path, content: bytes, replace: bool) -> None:
    """
    Write a file that its owner alone can read, whole or not at all.

    @param replace: Whether it may take the place of another.

    @raise FileExistsError: If it may not, and there is one.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        # Whoever had our number before is gone.
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        place: Callable[[Path, Path], None] = os.replace if replace else os.link
        place(temporary, path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
