"""
The journal of the job table: what happened, in the transactions that made it
happen, and reading it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from twisted.enterprise.adbapi import Transaction

from ..changes import (
    Change,
    Changes,
    JournalPlace,
    Kind,
    remains,
    requireKept,
    take,
)
from ..jobs import Record
from .rows import CHANGING, FIND, FIXED, TEXTS, Row, convert, encode, place, unconvert

# Changes that are too old are removed when so many have come about.
_STRIDE: Final = 1000

# What is written down of a job that was deleted, but for what the changes say.
# Its key may be taken again.
_GONE: Final = ("revision", *(name for name in FIXED if name != "start_key"))

_BURY: Final = (
    f"INSERT INTO gone ({', '.join(_GONE)}) "  # noqa: S608 - our own names
    f"VALUES ({', '.join(map(place, _GONE))})"
)

_PLACES: Final = (
    "SELECT identity, (SELECT min(revision) FROM change) AS first, "
    "(SELECT max(revision) FROM change) AS last FROM journal"
)

_READ: Final = "SELECT * FROM change WHERE revision > ? ORDER BY revision LIMIT ?"

_FIND_GONE: Final = (
    "SELECT * FROM gone WHERE id = CAST(? AS TEXT) AND revision >= ? "
    "ORDER BY revision LIMIT 1"
)


def lastRevision(transaction: Transaction) -> int:
    """
    Find the revision of the last change.
    """
    (last,) = transaction.execute("SELECT max(revision) FROM change").fetchone()
    return last or 0


def note(transaction: Transaction, kind: Kind, row: Row) -> None:
    """
    Write down what has happened.

    @param row: What can change of the job, with C{revision} and C{at}.
    """
    # Most of it is NULL, and costs nothing if it is not named.
    said = tuple(column for column in CHANGING if row[column] is not None)
    bound = [row[column] for column in said]
    transaction.execute(
        _noting(said), (row["revision"], kind.value, row["at"], row["id"], *bound)
    )


def bury(transaction: Transaction, row: Row) -> bool:
    """
    Write down that a job is deleted, before it is.

    @param row: Its C{id}, and C{revision} and C{at}.

    @return: Whether there is such a job.
    """
    found = transaction.execute(FIND, (row["id"],)).fetchone()
    if found is None:
        return False
    rest = {**unconvert(remains(convert(found))), **row}
    transaction.execute(_BURY, rest)
    note(transaction, Kind.DELETED, rest)
    return True


def trim(transaction: Transaction, before: int, last: int, kept: int) -> None:
    """
    Remove changes that are too old, now and then.

    @param before: The last revision before this transaction.

    @param last: That after it.

    @param kept: How many changes are kept.
    """
    if before // _STRIDE == last // _STRIDE:
        return
    for table in ("change", "gone"):
        transaction.execute(
            f"DELETE FROM {table} WHERE revision <= ?",  # noqa: S608 - our own names
            # Who comes next counts on from the last.
            (min(last - kept, last - 1),),
        )


def read(transaction: Transaction, since: JournalPlace | None, limit: int) -> Changes:
    """
    Look up changes, in the thread that reads.
    """
    found = transaction.execute(_PLACES).fetchone()
    last = JournalPlace(found["identity"], found["last"] or 0)
    if since is None:
        return Changes(last)
    requireKept(since, last, found["first"] or last.revision + 1)
    rows = transaction.execute(_READ, (since.revision, limit + 1)).fetchall()
    return take(since, _convert(transaction, rows), limit)


@cache
def _noting(columns: tuple[str, ...]) -> str:
    """
    Make the statement that writes a change down.

    @param columns: What there is to be said of the job.
    """
    names = ("revision", "kind", "at", "id", *columns)
    places = ("CAST(? AS TEXT)" if name in TEXTS else "?" for name in names)
    return (
        f"INSERT INTO change ({', '.join(names)}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join(places)})"
    )


def _convert(transaction: Transaction, rows: list[Row]) -> Iterator[Change]:
    """
    Make changes of rows, as they are taken.
    """
    for row in rows:
        record = _find(transaction, row)
        yield Change(row["revision"], Kind(row["kind"]), row["at"], record)


def _find(transaction: Transaction, row: Row) -> Record:
    """
    Find the job of a change, as it was then.
    """
    identifier = encode(row["id"])
    # It was deleted later, or by this change, or is there.
    found = (
        transaction.execute(_FIND_GONE, (identifier, row["revision"])).fetchone()
        or transaction.execute(FIND, (identifier,)).fetchone()
    )
    return convert({**found, **row})
