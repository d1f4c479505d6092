"""
The job table in memory, without anything of Twisted.
"""

from __future__ import annotations

import sqlite3
from importlib import resources

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Record
from jobworker.store.opening import CONNECTION, configure
from jobworker.store.rows import INSERT, unconvert


def makeTable(case: SynchronousTestCase) -> sqlite3.Connection:
    """
    Make an empty table with the present schema.
    """
    connection: sqlite3.Connection = sqlite3.connect(":memory:", **CONNECTION)
    case.addCleanup(connection.close)
    configure(connection)
    schema = resources.files("jobworker.store").joinpath("schema")
    for script in sorted(schema.iterdir(), key=lambda each: each.name):
        connection.executescript(script.read_text("utf-8"))
    return connection


def insert(connection: sqlite3.Connection, record: Record, revision: int = 1) -> None:
    """
    Put a job into a table.
    """
    connection.execute(INSERT, {**unconvert(record), "revision": revision})
