"""
The job table in a file.
"""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import stat
import sys
from contextlib import closing
from importlib import resources
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.errors import BadConfiguration, PlaceLost, StorageFailed, TableDamaged
from jobworker.interfaces.store import IJobStore
from jobworker.jobs import Command, Status
from jobworker.life import CommandExited, advance
from jobworker.store.opening import APPLICATION, configure, openTable
from jobworker.store.rows import COLUMNS, FIND, convert, encode, unconvert
from jobworker.store.table import JobTable
from tests.contracts import IJobStoreTests, exampleRecord
from tests.contracts_journal import JournalTests
from tests.daemons import ROOT

#: The present version of the schema, and the columns that came after the first.
VERSION = 8
LATEST = ("conditions",)
LATER = (
    "specification",
    "start_key",
    "created",
    "user_time",
    "system_time",
    "peak_memory",
    "peak_bound",
    "stdout_bytes",
    "stderr_bytes",
    *LATEST,
)

#: A process that adds jobs, says so, and dies without any farewell.
ADDER = """
import os, signal, sys
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from jobworker.store.opening import openTable
from jobworker.store.table import JobTable
from tests.contracts import exampleRecord

def die(added):
    os.write(1, str(len(added)).encode())
    os.kill(os.getpid(), signal.SIGKILL)

def add():
    table = JobTable(reactor, sys.argv[1])
    gatherResults([table.add(exampleRecord(n)) for n in range(50)]).addCallback(die)

openTable(sys.argv[1])
reactor.callWhenRunning(add)
reactor.run()
"""


class Listener(ProcessProtocol):
    """
    Collects what a process says.
    """

    def __init__(self) -> None:
        self.said = b""
        self.errors = b""
        self.ended: Deferred[int | None] = Deferred()

    def outReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.said += data

    def errReceived(self, data: bytes) -> None:
        """
        Keep that too.
        """
        self.errors += data

    def processEnded(self, reason: Failure) -> None:
        """
        Tell what killed it.
        """
        self.ended.callback(getattr(reason.value, "signal", None))


class JobTableTests(IJobStoreTests, TestCase):
    """
    The table keeps the contract of a job store, and more.
    """

    timeout = 30

    def makeStore(self) -> IJobStore:
        """
        Make a table in a file of its own.
        """
        self.path = self.mktemp()
        openTable(self.path)
        return JobTable(reactor, self.path)

    async def test_reopen(self) -> None:
        """
        What was remembered is there for the next who opens the file.
        """
        later = advance(exampleRecord(2), CommandExited(Status(code=1)))
        await self.store.add(exampleRecord(1))
        await self.store.add(exampleRecord(2))
        await self.store.update(later)
        await self.store.close()
        openTable(self.path)
        self.store = JobTable(reactor, self.path)
        self.assertEqual(await self.store.unended(), [exampleRecord(1), later])

    async def test_damagedMeanwhile(self) -> None:
        """
        A table that is damaged while it is open is called so.
        """
        for number in range(50):
            await self.store.add(exampleRecord(number))
        await self.store.close()
        self.store = JobTable(reactor, self.path)
        await self.store.changes(None, 1)
        size = os.stat(self.path).st_size
        with open(self.path, "r+b") as file:
            file.seek(4096)
            file.write(b"\x5a" * (size - 4096))
        for finding in (self.store.find("1-2-3"), self.store.unended()):
            with self.assertRaises(TableDamaged):
                await finding
        await self.store.close()
        self.assertTrue(self.flushLoggedErrors(sqlite3.DatabaseError))

    async def test_closedFile(self) -> None:
        """
        Closing leaves one file with everything in it, and no journal.
        """
        await self.store.add(exampleRecord(1))
        await self.store.close()
        folder = Path(self.path).parent
        self.assertEqual(
            list(folder.glob(Path(self.path).name + "*")), [Path(self.path)]
        )

    async def test_readsBesideWrites(self) -> None:
        """
        Looking something up does not wait for who writes: it is answered
        while somebody else holds the file locked for writing.
        """
        await self.store.add(exampleRecord(1))
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            added = self.store.add(exampleRecord(2))
            await self.store.find(exampleRecord(1).identifier)
            self.assertNoResult(added)
            other.execute("ROLLBACK")
            await added

    async def test_oneTransaction(self) -> None:
        """
        However many changes are asked for while one is written, they go to
        disk together.
        """
        await self.store.add(exampleRecord(0))
        before = os.stat(self.path + "-wal").st_size
        await self.store.add(exampleRecord(1))
        alone = os.stat(self.path + "-wal").st_size - before
        before += alone
        changes = [self.store.add(exampleRecord(number)) for number in range(2, 102)]
        for change in changes:
            await change
        together = os.stat(self.path + "-wal").st_size - before
        self.assertLess(together, 30 * alone)

    async def test_fullDisk(self) -> None:
        """
        A change that there is no room for fails with what SQLite says of it;
        those that fit do not, and when there is room everything works again.
        """
        big = Command("echo", ("x" * 100_000,))
        await self.store.add(exampleRecord(0))
        await limitPages(self.store, 10)
        changes = [
            self.store.add(exampleRecord(1, command=big)),
            self.store.add(exampleRecord(2)),
        ]
        await self.assertFailure(changes[0], StorageFailed)
        await changes[1]
        await limitPages(self.store, 1_000_000)
        await self.store.add(exampleRecord(3, command=big))
        self.assertEqual(
            await self.store.identifiers(),
            {exampleRecord(number).identifier for number in (0, 2, 3)},
        )

    async def test_notStorable(self) -> None:
        """
        A number that SQLite cannot hold fails the change and nothing else.
        """
        record = exampleRecord(1, started=2**63)
        changes = [self.store.add(record), self.store.add(exampleRecord(2))]
        await self.assertFailure(changes[0], StorageFailed)
        await changes[1]

    async def test_killed(self) -> None:
        """
        Once a change is said to be made, it survives the process that made it.
        """
        path = os.path.abspath(self.mktemp())
        listener = Listener()
        reactor.spawnProcess(
            listener,
            sys.executable,
            [sys.executable, "-c", ADDER, path],
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        number = await listener.ended
        self.assertEqual(listener.said, b"50", listener.errors)
        self.assertEqual(number, signal.SIGKILL)
        openTable(path)
        table = JobTable(reactor, path)
        self.addCleanup(table.close)
        self.assertEqual(
            await table.unended(), [exampleRecord(number) for number in range(50)]
        )


def limitPages(table: IJobStore, pages: int) -> Deferred[object]:
    """
    Let the disk be as good as full, for the connection that writes.
    """
    assert isinstance(table, JobTable)
    limited: Deferred[object] = table._writer.runQuery(
        f"PRAGMA max_page_count = {pages}"
    )
    return limited


class JobTableJournalTests(JournalTests, TestCase):
    """
    Its journal keeps the contract of one.
    """

    def makeStore(self, kept: int) -> IJobStore:
        """
        Make a table in a file of its own.
        """
        self.path = os.path.abspath(self.mktemp())
        openTable(self.path)
        return JobTable(reactor, self.path, kept, lambda: self.TIME)

    async def test_reopen(self) -> None:
        """
        Who has read a part of the journal goes on behind it when the table was
        opened again.
        """
        await self.live(exampleRecord(1))
        place = (await self.since(0, 2)).place
        expected = await self.store.changes(place, 10)
        self.assertEqual(len(expected.changes), 2)
        await self.store.close()
        openTable(self.path)
        self.store = JobTable(reactor, self.path)
        self.assertEqual(await self.store.changes(place, 10), expected)

    async def test_several(self) -> None:
        """
        Each table has a journal of its own.
        """
        place = (await self.store.changes(None, 1)).place
        await self.store.close()
        self.store = self.makeStore(10)
        with self.assertRaises(PlaceLost):
            await self.store.changes(place, 10)

    async def test_restored(self) -> None:
        """
        A table that was brought back from a backup is another one when the
        documentation was heeded.
        """
        await self.live(exampleRecord(1))
        place = (await self.since(0, 2)).place
        await self.store.close()
        page = (ROOT / "docs/watching.rst").read_text("utf-8")
        (statement,) = re.findall(r'``sqlite3 jobs.sqlite "([^"]+)"``', page)
        with closing(sqlite3.connect(self.path)) as connection, connection:
            connection.execute(" ".join(statement.split()))
        self.store = JobTable(reactor, self.path)
        with self.assertRaises(PlaceLost):
            await self.store.changes(place, 10)
        again = (await self.store.changes(None, 1)).place
        self.assertRegex(again.journal, "^[0-9a-f]{32}$")


class OpenTableTests(SynchronousTestCase):
    """
    A file is looked at before it is used.
    """

    def refusal(self, path: str) -> str:
        """
        Open what cannot be opened, and get what is said.
        """
        said = str(self.assertRaises(BadConfiguration, openTable, path, 0))
        self.assertIn(path, said)
        self.assertNotIn("\n", said)
        return said

    def execute(self, path: str, script: str) -> None:
        """
        Do something to a file.
        """
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)

    def test_new(self) -> None:
        """
        A file that is not there is made, for its owner's eyes only, with a
        journal that is written ahead.
        """
        path = self.mktemp()
        previous = os.umask(0)
        try:
            openTable(path)
        finally:
            os.umask(previous)
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        with closing(sqlite3.connect(path)) as connection:
            self.assertEqual(
                [
                    connection.execute(f"PRAGMA {name}").fetchone()[0]
                    for name in ("application_id", "user_version", "journal_mode")
                ],
                [APPLICATION, VERSION, "wal"],
            )

    def test_again(self) -> None:
        """
        Opening a table that is there changes nothing.
        """
        path = self.mktemp()
        openTable(path)
        before = Path(path).read_bytes()
        openTable(path)
        self.assertEqual(Path(path).read_bytes(), before)

    def test_empty(self) -> None:
        """
        An empty file is as good as none.
        """
        path = self.mktemp()
        Path(path).touch()
        openTable(path)
        openTable(path)

    def test_noDatabase(self) -> None:
        """
        A file that is no database is not touched.
        """
        path = self.mktemp()
        Path(path).write_bytes(b"precious" * 1000)
        self.assertIn("damaged", self.refusal(path))
        self.assertEqual(Path(path).read_bytes(), b"precious" * 1000)

    def test_otherDatabase(self) -> None:
        """
        A database of somebody else is not touched.
        """
        path = self.mktemp()
        self.execute(path, "CREATE TABLE job (id TEXT)")
        before = Path(path).read_bytes()
        self.assertIn("other database", self.refusal(path))
        self.assertEqual(Path(path).read_bytes(), before)

    def test_newer(self) -> None:
        """
        A table with a schema from the future is not touched.
        """
        path = self.mktemp()
        openTable(path)
        self.execute(path, f"PRAGMA user_version = {VERSION + 1}")
        self.assertIn("newer version", self.refusal(path))

    def test_older(self) -> None:
        """
        A table of an earlier version is brought up to date, and what it does
        not know of its jobs is not made up.
        """
        record = exampleRecord()
        for version, later in ((1, LATER), (VERSION - 1, LATEST)):
            path = self.mktemp()
            scripts = "".join(
                resources.files("jobworker.store")
                .joinpath(f"schema/{number:04}.sql")
                .read_text("utf-8")
                for number in range(1, version + 1)
            )
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(
                    f"{scripts}; PRAGMA user_version = {version};"
                    f"PRAGMA application_id = {APPLICATION}"
                )
                columns = [each for each in COLUMNS if each not in later]
                connection.execute(
                    f"INSERT INTO job ({', '.join(columns)}) VALUES "
                    f"({', '.join(f'CAST(:{each} AS TEXT)' for each in columns)})",
                    unconvert(record),
                )
                connection.commit()
            openTable(path)
            with closing(sqlite3.connect(path)) as connection:
                configure(connection)
                key = (encode(record.identifier),)
                found = connection.execute(FIND, key).fetchone()
                self.assertEqual(convert(found), record)

    def test_damaged(self) -> None:
        """
        A table with a page that was overwritten is refused, wherever it is.
        """
        pristine = self.mktemp()
        openTable(pristine)
        content = Path(pristine).read_bytes()
        for page in range(0, len(content), 4096):
            path = self.mktemp()
            noise = b"\x5a" * 4096
            Path(path).write_bytes(content[:page] + noise + content[page + 4096 :])
            self.assertIn("damaged", self.refusal(path))

    def test_truncated(self) -> None:
        """
        A table of which the end is missing is refused.
        """
        path = self.mktemp()
        openTable(path)
        os.truncate(path, os.stat(path).st_size // 2)
        self.assertIn("damaged", self.refusal(path))

    def test_locked(self) -> None:
        """
        A table that somebody else has locked is refused.
        """
        path = self.mktemp()
        openTable(path)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            self.assertIn("locked", self.refusal(path))

    def test_noDirectory(self) -> None:
        """
        Where there is no directory there can be no table.
        """
        path = os.path.join(self.mktemp(), "jobs.db")
        self.assertIn("No such file", self.refusal(path))

    def test_directory(self) -> None:
        """
        A directory is no table.
        """
        path = self.mktemp()
        os.mkdir(path)
        self.assertIn("directory", self.refusal(path))

    def test_failedMigration(self) -> None:
        """
        If the schema cannot be made complete, nothing of it is made.
        """
        path = self.mktemp()
        self.execute(path, f"PRAGMA application_id = {APPLICATION}")
        self.execute(path, "CREATE TABLE x (y); CREATE INDEX job_unended ON x (y)")
        self.refusal(path)
        with closing(sqlite3.connect(path)) as connection:
            names = connection.execute("SELECT name FROM sqlite_master").fetchall()
            version = connection.execute("PRAGMA user_version").fetchone()
        self.assertEqual(names, [("x",), ("job_unended",)])
        self.assertEqual(version, (0,))
