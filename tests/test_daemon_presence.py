"""
It is noticed when somebody takes away what is written to.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.presence import Presence, requireTable
from jobworker.daemon.state import StateDirectory
from jobworker.errors import BadConfiguration, StorageFailed


class PresenceTests(SynchronousTestCase):
    """
    A file is the same until it is removed or replaced, whatever it holds.
    """

    def setUp(self) -> None:
        """
        Remember a file.
        """
        self.path = Path(self.mktemp())
        self.path.write_text("before")
        self.presence = Presence()
        self.presence.remember([str(self.path)])

    def test_same(self) -> None:
        """
        What is written to it does not matter.
        """
        self.path.write_text("after")
        self.presence.check()

    def test_removed(self) -> None:
        """
        A file that is gone is named.
        """
        self.path.unlink()
        error = self.assertRaises(StorageFailed, self.presence.check)
        self.assertIn(f"{self.path} cannot be found", str(error))

    def test_replaced(self) -> None:
        """
        So is one that has the name of another.
        """
        other = self.path.with_name("other")
        other.write_text("before")
        os.rename(other, self.path)
        error = self.assertRaises(StorageFailed, self.presence.check)
        self.assertIn(f"{self.path} was replaced", str(error))


class TableTests(SynchronousTestCase):
    """
    Logs are of use to nobody without the table.
    """

    def setUp(self) -> None:
        """
        Make a directory with nothing in it but an empty shelf.
        """
        self.state = StateDirectory(self.mktemp())
        self.shelf = Path(self.state.logs) / "ab"
        self.shelf.mkdir(parents=True)

    def test_new(self) -> None:
        """
        Where there are no logs, no table is needed.
        """
        requireTable(self.state)

    def test_lost(self) -> None:
        """
        Where there are some, it must be there, and be more than a name.
        """
        (self.shelf / "abc").mkdir()
        table = Path(self.state.table)
        for lose in (lambda: None, table.touch):
            lose()
            error = self.assertRaises(BadConfiguration, requireTable, self.state)
            self.assertIn("restore it from a backup", str(error))
        table.write_bytes(b"SQLite")
        requireTable(self.state)
