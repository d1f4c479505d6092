"""
Files that come into being whole, and never in place of others.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from ..errors import CannotCreate

#: The mode of a file that only its owner may read.
SECRET: Final = 0o600

#: The mode of a file that everybody may read.
PUBLIC: Final = 0o644


def writeNew(directory: str, files: Mapping[str, tuple[bytes, int]]) -> list[str]:
    """
    Write files that do not exist yet: all of them, or none.

    @param directory: Where to; if it does not exist, it is made for its owner
        alone.

    @param files: Content and mode by name.  A name may contain directories.

    @return: The paths of the files, in the order of the names.

    @raise CannotCreate: If a file exists or cannot be written.
    """
    paths = {name: os.path.join(directory, name) for name in files}
    _requireAbsent(paths.values())
    written: list[str] = []
    try:
        for name, (content, mode) in files.items():
            _writeNew(paths[name], content, mode)
            written.append(paths[name])
    except (OSError, CannotCreate) as error:
        for path in written:
            with suppress(OSError):
                os.unlink(path)
        if isinstance(error, OSError):
            raise _unwritten(paths[name], error) from None
        raise
    return written


def _requireAbsent(paths: Iterable[str]) -> None:
    """
    Find what stands in the way before anything is written.
    """
    for path in paths:
        if os.path.lexists(path):
            raise _exists(path)


def _exists(path: str) -> CannotCreate:
    return CannotCreate(
        f"{path} exists already and is not overwritten: "
        "move it away or name another directory"
    )


def _unwritten(path: str, error: OSError) -> CannotCreate:
    """
    Say why a file cannot be written.
    """
    # What exists then is something else where there should be a directory.
    blocked = isinstance(error, FileExistsError)
    reason = os.strerror(errno.ENOTDIR) if blocked else error.strerror
    return CannotCreate(f"cannot write {path}: {reason}")


def _writeNew(path: str, content: bytes, mode: int) -> None:
    """
    Write one file beside its place, and link it there.

    @raise CannotCreate: If something is at its place by now.
    """
    parent = os.path.dirname(path) or os.curdir
    os.makedirs(parent, mode=0o700, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(prefix=".new-", dir=parent)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        try:
            os.link(temporary, path)
        except FileExistsError:
            raise _exists(path) from None
    finally:
        os.unlink(temporary)
