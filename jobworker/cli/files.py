"""
Files that commands write, and what is said where one can be neither read nor
written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..client.failures import Unreadable
from ..errors import CannotCreate


def cannotRead(what: str, error: OSError | ValueError) -> Unreadable:
    """
    Say that a file cannot be read.

    @param what: Which one, as C{"key '/nowhere'"}.
    """
    return Unreadable(
        f"cannot read {what}: {_reason(error)}", "check the name and who may read it"
    )


def cannotWrite(path: str | Path, error: OSError | ValueError) -> CannotCreate:
    """
    Say that a file cannot be written.
    """
    return CannotCreate(
        f"cannot write {str(path)!r}: {_reason(error)}; check the name and who may "
        "write there"
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


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
