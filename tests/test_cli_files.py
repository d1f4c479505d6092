"""
Files that commands write.
"""

from __future__ import annotations

import os
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.cli.files import cannotWrite, writePrivate
from jobworker.client.failures import Unreadable


class FileTests(SynchronousTestCase):
    """
    A file is written whole, and for its owner alone.
    """

    def setUp(self) -> None:
        """
        Name a file in a directory that is empty.
        """
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "secret"

    def test_new(self) -> None:
        """
        A new file can be read by its owner alone, and nothing is left beside it.
        """
        writePrivate(self.path, b"one", False)
        self.assertEqual(self.path.read_bytes(), b"one")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual([*self.folder.iterdir()], [self.path])

    def test_replaced(self) -> None:
        """
        Another file is replaced only where that is wanted.
        """
        self.path.write_bytes(b"one")
        with self.assertRaises(FileExistsError):
            writePrivate(self.path, b"two", False)
        self.assertEqual(self.path.read_bytes(), b"one")
        writePrivate(self.path, b"two", True)
        self.assertEqual(self.path.read_bytes(), b"two")
        self.assertEqual([*self.folder.iterdir()], [self.path])

    def test_leftover(self) -> None:
        """
        What a process left that had the same number is not in the way.
        """
        (self.folder / f".secret.{os.getpid()}.new").write_bytes(b"half")
        writePrivate(self.path, b"whole", False)
        self.assertEqual([*self.folder.iterdir()], [self.path])

    def test_said(self) -> None:
        """
        What is said names the file, the cause and a remedy.
        """
        missing = FileNotFoundError(2, "No such file or directory")
        self.assertEqual(
            str(Unreadable.of("key 'x'", missing)),
            "cannot read key 'x': No such file or directory; check the name and who "
            "may read it",
        )
        self.assertEqual(
            str(cannotWrite("x", ValueError("embedded null byte"))),
            "cannot write 'x': embedded null byte; check the name and who may write "
            "there",
        )
