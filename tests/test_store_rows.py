"""
Records as rows.
"""

from __future__ import annotations

from contextlib import closing

from hypothesis import given

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Command, Record
from jobworker.store.rows import COLUMNS, FIND, convert, encode
from tests.contracts import exampleRecord
from tests.strategies import records
from tests.tables import insert, makeTable


class RowTests(SynchronousTestCase):
    """
    Nothing is lost between a record and its row.
    """

    def setUp(self) -> None:
        """
        Make a table in memory.
        """
        self.connection = makeTable(self)

    def stored(self, record: Record) -> Record:
        """
        Have SQLite hold a record, and take it back.
        """
        self.connection.execute("DELETE FROM job")
        insert(self.connection, record)
        row = self.connection.execute(FIND, (encode(record.identifier),)).fetchone()
        return convert(row)

    @given(records)
    def test_roundTrip(self, record: Record) -> None:
        """
        What comes back is what was put in, in any phase and whatever text
        there is in it.
        """
        self.assertEqual(self.stored(record), record)

    def test_surrogates(self) -> None:
        """
        Two lone surrogates stay two, though together they look like one
        character.
        """
        command = Command("\udcff", ("\ud800\udc00", "\U00010000", "\udc80"))
        record = exampleRecord(command=command)
        self.assertEqual(self.stored(record).command.arguments, command.arguments)

    def test_many(self) -> None:
        """
        As many arguments as a process can have are kept, and their order.
        """
        command = Command("echo", tuple(map(str, range(10_000))))
        self.assertEqual(self.stored(exampleRecord(command=command)).command, command)

    def test_readable(self) -> None:
        """
        What is text to a person is text to SQLite, and its functions for JSON
        understand the arguments.
        """
        self.stored(exampleRecord(command=Command("echo", ("é", "\n", "'\""))))
        with closing(
            self.connection.execute(
                "SELECT typeof(owner), typeof(program), json_extract(arguments, '$[0]')"
                ", json_array_length(arguments) FROM job WHERE owner = 'alice'"
            )
        ) as cursor:
            self.assertEqual(tuple(cursor.fetchone()), ("text", "text", "é", 3))

    def test_columns(self) -> None:
        """
        The columns are those of the schema, where the revision is one more.
        """
        names = self.connection.execute("SELECT name FROM pragma_table_info('job')")
        self.assertEqual({name for (name,) in names}, {*COLUMNS, "revision"})
