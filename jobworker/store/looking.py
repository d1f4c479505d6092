"""
Looking things up in the job table, in the thread that reads.
"""

from __future__ import annotations

from twisted.enterprise.adbapi import Transaction

from ..errors import NoSuchJob
from ..jobs import Record
from ..queries import Page, Query, fill
from .rows import ENDED, FIND, FIND_KEY, IDENTIFIERS, UNENDED, convert, encode
from .searching import statementFor


def find(transaction: Transaction, identifier: str) -> Record:
    """
    Look up a job, in the thread that reads.
    """
    row = transaction.execute(FIND, (encode(identifier),)).fetchone()
    if row is None:
        raise NoSuchJob(identifier)
    return convert(row)


def search(transaction: Transaction, query: Query) -> Page:
    """
    Look up some jobs, and read no more of them than are given.
    """
    return fill(query, map(convert, transaction.execute(*statementFor(query))))


def findKey(transaction: Transaction, owner: str, key: str) -> Record | None:
    """
    Look up a job by the key of its start.
    """
    found = transaction.execute(FIND_KEY, (encode(owner), encode(key))).fetchone()
    return None if found is None else convert(found)


def findUnended(transaction: Transaction) -> list[Record]:
    """
    Look up the jobs that have not ended, oldest first.
    """
    return [convert(row) for row in transaction.execute(UNENDED)]


def findEnded(transaction: Transaction) -> list[tuple[str, int]]:
    """
    Look up the jobs that have ended, and when.
    """
    return [(identifier, at) for identifier, at in transaction.execute(ENDED)]


def findIdentifiers(transaction: Transaction) -> set[str]:
    """
    Look up all identifiers.
    """
    return {identifier for (identifier,) in transaction.execute(IDENTIFIERS)}
