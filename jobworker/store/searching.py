"""
What somebody wants to see, said in SQL.

Nothing here reads anything: a query becomes a statement.  What it finds is what
L{Query.matches} would choose, in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from ..queries import Query
from .rows import SELECT, encode

# A condition, and what is bound in it, in order.
_Condition: TypeAlias = tuple[str, Sequence[object]]

_NAME: Final = "json_extract(specification, '$.name')"
_LABEL: Final = "json_extract(specification, CAST(? AS TEXT))"


def statementFor(query: Query) -> tuple[str, list[object]]:
    """
    Make the statement that finds the jobs somebody wants, in order.

    @return: The statement, and what is bound in it.
    """
    conditions = list(_conditions(query))
    where = " AND ".join(clause for clause, _ in conditions)
    bound = [value for _, values in conditions for value in values]
    return f"{SELECT} WHERE {where} ORDER BY started DESC, id DESC", bound


def _conditions(query: Query) -> Iterator[_Condition]:
    """
    Say what holds for each job that is wanted.
    """
    yield _isInPhase(query), ()
    if query.owner is not None:
        yield "owner = CAST(? AS TEXT)", (encode(query.owner),)
    if query.after is not None:
        yield "started >= ?", (query.after,)
    if query.before is not None:
        yield "started < ?", (query.before,)
    if query.behind is not None:
        at, identifier = query.behind
        yield "(started, id) < (?, CAST(? AS TEXT))", (at, encode(identifier))
    if query.settled is not None:
        yield "revision <= ?", (query.settled,)
    if query.prefix:
        # Identifiers are of characters that all come before the "g".
        within = encode(query.prefix), encode(query.prefix + "g")
        yield "id >= CAST(? AS TEXT) AND id < CAST(? AS TEXT)", within
    if query.name is not None:
        # SQLite takes the index of jobs that have a name only if it is told
        # that one is wanted, and if what is looked for is of no type.
        called = f"{_NAME} IS NOT NULL AND {_NAME} = +CAST(? AS TEXT)"
        yield called, (encode(query.name),)
    for name, value in query.labels:
        yield _isLabelled(name, value)


def _isInPhase(query: Query) -> str:
    causes = ", ".join(sorted(repr(cause.value) for cause in query.causes))
    running = "phase != 'ended' OR " if query.running else ""
    return f"({running}phase = 'ended' AND cause IN ({causes}))"


def _isLabelled(name: str, value: str | None) -> _Condition:
    label = encode(f'$.labels."{name}"')
    if value is None:
        return f"{_LABEL} IS NOT NULL", (label,)
    return f"{_LABEL} = CAST(? AS TEXT)", (label, encode(value))
