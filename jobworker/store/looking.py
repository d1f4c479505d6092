"""
Looking things up in the job table, in the thread that reads.
"""

from __future__ import annotations

from typing import Any

from twisted.enterprise.adbapi import Transaction

from ..errors import NoSuchJob
from ..jobs import Record
from ..queries import Page, Query, fill
from .rows import ENDED, FIND, FIND_KEY, IDENTIFIERS, SELECT, UNENDED, convert, encode


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
    return fill(query, map(convert, transaction.execute(*_searching(query))))


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


def _searching(query: Query) -> tuple[str, dict[str, Any]]:
    """
    Make the statement that finds the jobs somebody wants, in order.

    @return: The statement, and what is bound in it.
    """
    conditions: list[str] = []
    bound: dict[str, Any] = {}

    def require(condition: str, **values: object) -> None:
        conditions.append(condition)
        bound.update(values)

    causes = [repr(cause.value) for cause in query.causes]
    ended = f"phase = 'ended' AND cause IN ({', '.join(sorted(causes))})"
    running = "phase != 'ended' OR " if query.running else ""
    require(f"({running}{ended})")
    if query.owner is not None:
        require("owner = CAST(:owner AS TEXT)", owner=encode(query.owner))
    if query.after is not None:
        require("started >= :after", after=query.after)
    if query.before is not None:
        require("started < :before", before=query.before)
    if query.behind is not None:
        at, identifier = query.behind
        require(
            "(started, id) < (:at, CAST(:id AS TEXT))", at=at, id=encode(identifier)
        )
    if query.settled is not None:
        require("revision <= :settled", settled=query.settled)
    if query.prefix:
        # Identifiers are of characters that all come before the "g".
        require("id >= CAST(:first AS TEXT)", first=encode(query.prefix))
        require("id < CAST(:last AS TEXT)", last=encode(query.prefix + "g"))
    if query.name is not None:
        # SQLite takes the index of jobs that have a name only if it is told
        # that one is wanted, and if what is looked for is of no type.
        called = "json_extract(specification, '$.name')"
        require(
            f"{called} IS NOT NULL AND {called} = +CAST(:name AS TEXT)",
            name=encode(query.name),
        )
    for number, (name, value) in enumerate(query.labels):
        label = f"json_extract(specification, CAST(:label{number} AS TEXT))"
        bound[f"label{number}"] = encode(f'$.labels."{name}"')
        if value is None:
            require(f"{label} IS NOT NULL")
        else:
            require(
                f"{label} = CAST(:value{number} AS TEXT)",
                **{f"value{number}": encode(value)},
            )
    where = " AND ".join(conditions)
    return f"{SELECT} WHERE {where} ORDER BY started DESC, id DESC", bound
