"""
Changing the job table, in the thread that writes.
"""

from __future__ import annotations

import sqlite3

from attrs import field, frozen

from twisted.enterprise.adbapi import Transaction
from twisted.internet.defer import Deferred

from ..changes import Kind
from ..crashing import crashPoint
from ..errors import NoSuchJob, StorageFailed
from ..jobs import Phase
from . import journaling
from .rows import DELETE, FIND, INSERT, UPDATE, Row


@frozen(eq=False)
class Change:
    """
    A change that somebody waits for.

    @ivar identifier: The job that is changed.
    @ivar row: What the statement is about.
    @ivar at: When it was asked for: nanoseconds since the epoch.
    """

    kind: Kind
    identifier: str
    row: Row
    at: int
    done: Deferred[None] = field(factory=Deferred)


def commit(transaction: Transaction, batch: list[Change], kept: int) -> None:
    """
    Make changes in one transaction, with what the journal says of them.
    """
    try:
        transaction.execute("BEGIN IMMEDIATE")
        before = revision = journaling.lastRevision(transaction)
        for change in batch:
            if change.kind is Kind.ENDED and _hasEnded(transaction, change.row):
                continue
            revision += 1
            row = {**change.row, "revision": revision, "at": change.at}
            if change.kind is Kind.DELETED:
                _delete(transaction, change.identifier, row)
            else:
                _put(transaction, change, row)
        journaling.trim(transaction, before, revision, kept)
        crashPoint("table-commit")
        transaction.execute("COMMIT")
        crashPoint("table-committed")
    # Python refuses by OverflowError what is no number to SQLite.
    except (sqlite3.Error, OverflowError) as error:
        raise StorageFailed(str(error)) from error


def _put(transaction: Transaction, change: Change, row: Row) -> None:
    """
    Add or update a job.
    """
    transaction.execute(INSERT if change.kind is Kind.STARTED else UPDATE, row)
    if transaction.rowcount != 1:
        raise StorageFailed(f"{change.identifier!r} was never added")
    journaling.note(transaction, change.kind, row)


def _hasEnded(transaction: Transaction, row: Row) -> bool:
    """
    Say whether the end of a job is known already, which nothing can change.

    Who could not store it at once may come back with what is there by then.
    """
    found = transaction.execute(FIND, (row["id"],)).fetchone()
    return found is not None and found["phase"] == Phase.ENDED.value


def _delete(transaction: Transaction, identifier: str, row: Row) -> None:
    """
    Delete a job.
    """
    if not journaling.bury(transaction, row):
        raise NoSuchJob(identifier)
    transaction.execute(DELETE, row)
