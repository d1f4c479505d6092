"""
How the file of the job table is made, checked and brought up to date, before
anybody uses it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from importlib import resources
from typing import Any, Final

from ..errors import BadConfiguration
from .rows import decode

#: What marks a file as ours: "jobw" in ASCII.
APPLICATION: Final = 0x6A6F6277

#: How every connection is made: for use in any thread, though in one at a time,
#: and with transactions that begin when it is said, not when C{sqlite3} thinks
#: so.
CONNECTION: Final[Mapping[str, Any]] = {
    "check_same_thread": False,
    "isolation_level": None,
}


def openTable(path: str, patience: float = 5.0) -> None:
    """
    See to it that there is a job table at a path, whole and with the present
    schema.

    This waits for the disk: call it before the reactor runs.

    @param patience: Seconds to wait for somebody else who has the file locked.

    @raise BadConfiguration: If the file cannot be opened, is damaged, is not
        ours, or comes from a newer version.
    """
    try:
        # The database and the files that SQLite puts beside it are for
        # nobody else's eyes: they hold command lines.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with closing(
            sqlite3.connect(path, timeout=patience, **CONNECTION)
        ) as connection:
            configure(connection)
            _check(connection, path)
            _migrate(connection)
        _syncDirectory(os.path.dirname(path) or ".")
    except OSError as error:
        raise BadConfiguration(
            f"cannot open the job table {path}: {error.strerror}"
        ) from error
    # The locked and the full are no damage; both are subclasses.
    except sqlite3.OperationalError as error:
        raise BadConfiguration(f"cannot open the job table {path}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise _damaged(path, str(error)) from error


def configure(connection: sqlite3.Connection) -> None:
    """
    Set what SQLite does not remember in the file.
    """
    connection.text_factory = decode
    connection.row_factory = sqlite3.Row
    # A transaction is on disk when it is committed, whatever happens then.
    connection.execute("PRAGMA synchronous = FULL")


def _check(connection: sqlite3.Connection, path: str) -> None:
    """
    Refuse a file that is damaged or not ours.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION and tables:
        raise BadConfiguration(f"{path} is not a job table, but some other database")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_scripts()):
        raise BadConfiguration(
            f"the job table {path} was written by a newer version of jobworker "
            f"(schema {version}; this one knows {len(_scripts())})"
        )
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise _damaged(path, verdict)


def _migrate(connection: sqlite3.Connection) -> None:
    """
    Apply the scripts that the file has not seen yet, all or none.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    scripts = _scripts()
    if version < len(scripts):
        connection.executescript(
            "\n".join(
                [
                    "BEGIN IMMEDIATE;",
                    *scripts[version:],
                    f"PRAGMA user_version = {len(scripts)};",
                    f"PRAGMA application_id = {APPLICATION};",
                    "COMMIT;",
                ]
            )
        )
    connection.execute("PRAGMA journal_mode = WAL")


def _scripts() -> list[str]:
    """
    Get the schema: the first script makes version 1 of nothing, the next
    version 2 of that, and so on.
    """
    folder = resources.files(__package__).joinpath("schema")
    names = sorted(entry.name for entry in folder.iterdir())
    return [
        folder.joinpath(name).read_text("utf-8")
        for name in names
        if name.endswith(".sql")
    ]


def _syncDirectory(path: str) -> None:
    """
    Put the name of a new file on disk.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _damaged(path: str, what: str) -> BadConfiguration:
    """
    Say that a file is damaged, in one line.
    """
    return BadConfiguration(
        f"the job table {path} is damaged ({' '.join(what.split())}): "
        "restore it from a backup, or move it away to begin anew"
    )
