"""
Queries as statements.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Cause, Record
from jobworker.queries import Query, fill
from jobworker.store.rows import convert
from jobworker.store.searching import statementFor
from tests.contracts import exampleRecord
from tests.memoryjournal import Journal
from tests.strategies import records
from tests.tables import insert, makeTable


def _withoutKey(record: Record) -> Record:
    """
    Have a job that can be stored beside any other.
    """
    wanted = evolve(record.command.specification, key="")
    return evolve(record, command=evolve(record.command, specification=wanted))


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[Record], Query]:
    """
    Make some jobs, and a query for what one of them is in some respects.
    """
    unique = st.lists(records, min_size=1, max_size=4, unique_by=lambda r: r.identifier)
    found = list(map(_withoutKey, draw(unique)))
    meant = draw(st.sampled_from(found))
    said = meant.command.specification
    wanted: dict[str, Any] = {
        "owner": meant.owner,
        "after": meant.started,
        "before": meant.started,
        "prefix": meant.identifier[:3],
        "behind": (meant.started, meant.identifier),
        "labels": said.labels[:1],
        "name": said.name or None,
    }
    causes = st.frozensets(st.sampled_from(Cause))
    wanted |= {"running": draw(st.booleans()), "causes": draw(causes)}
    chosen = draw(st.sets(st.sampled_from(sorted(wanted)), max_size=2))
    return found, evolve(Query(), **{name: wanted[name] for name in chosen})


class StatementTests(SynchronousTestCase):
    """
    A statement finds what the query means.
    """

    def setUp(self) -> None:
        """
        Make a table in memory.
        """
        self.connection = makeTable(self)

    @given(cases())
    def test_finds(self, case: tuple[list[Record], Query]) -> None:
        """
        The table finds the same jobs as are chosen from memory, in the same
        order.
        """
        stored, query = case
        self.connection.execute("DELETE FROM job")
        for record in stored:
            insert(self.connection, record)
        rows = self.connection.execute(*statementFor(query))
        self.assertEqual(
            fill(query, map(convert, rows)), Journal().search(query, stored)
        )

    def test_settled(self) -> None:
        """
        What has changed since a revision is not found.
        """
        for revision in (1, 2, 3):
            insert(self.connection, exampleRecord(revision), revision)
        rows = self.connection.execute(*statementFor(Query(settled=2)))
        found = {convert(row).identifier for row in rows}
        self.assertEqual(
            found, {exampleRecord(1).identifier, exampleRecord(2).identifier}
        )
