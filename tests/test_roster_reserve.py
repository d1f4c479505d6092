"""
Room on the disk for a new job.
"""

from __future__ import annotations

import os

from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import NoRoom
from jobworker.roster.reserve import DiskReserve, Reserve


@frozen
class Disk:
    """
    What statvfs says of a disk of 1000 blocks.
    """

    f_frsize: int = 4096
    f_blocks: int = 1000
    f_bavail: int = 1000
    f_files: int = 1000
    f_favail: int = 1000


class ReserveTests(SynchronousTestCase):
    """
    Jobs are let in, or not.
    """

    def setUp(self) -> None:
        """
        Make an empty disk.
        """
        self.clock = Clock()
        self.disk = Disk()
        self.looks = 0

    def look(self, path: str) -> Disk:
        """
        Look at the disk.
        """
        self.looks += 1
        return self.disk

    def refusal(self, reserve: Reserve) -> str:
        """
        Ask to start a job.

        @return: Why not.
        """
        try:
            DiskReserve(self.clock, "/state", reserve, self.look)()
        except NoRoom as refusal:
            return str(refusal)
        return ""

    @given(st.integers(0, 1000), st.integers(0, 1000 * 4096), st.integers(0, 100))
    def test_bytes(self, free: int, size: int, percent: int) -> None:
        """
        There is room as long as nothing of the reserve is taken.
        """
        self.disk = evolve(Disk(), f_bavail=free)
        refusal = self.refusal(Reserve(size, percent))
        enough = free * 4096 >= size and free >= percent * 10
        self.assertEqual(refusal == "", enough)
        if refusal:
            self.assertIn("/state", refusal)
            self.assertIn("MiB left", refusal)

    def test_files(self) -> None:
        """
        A disk that can hold no more files has no room, whatever is reserved;
        one that does not count files has.
        """
        self.disk = evolve(Disk(), f_favail=63)
        self.assertIn("63 more files", self.refusal(Reserve()))
        self.disk = evolve(Disk(), f_favail=99)
        self.assertIn("100 are reserved", self.refusal(Reserve(percent=10)))
        self.disk = evolve(Disk(), f_files=0, f_favail=0)
        self.assertEqual(self.refusal(Reserve(percent=10)), "")

    def test_seldom(self) -> None:
        """
        Of many starts in a moment only the first looks.
        """
        admit = DiskReserve(self.clock, "/state", Reserve(1), self.look)
        for _ in range(3):
            admit()
        self.disk = evolve(Disk(), f_bavail=0)
        admit()
        self.assertEqual(self.looks, 1)
        self.clock.advance(0.25)
        self.assertRaises(NoRoom, admit)
        self.assertRaises(NoRoom, admit)
        self.assertEqual(self.looks, 2)
        self.disk = Disk()
        self.clock.advance(0.25)
        admit()

    def test_unknown(self) -> None:
        """
        A disk that cannot be looked at has no room.
        """
        admit = DiskReserve(self.clock, os.path.join(self.mktemp(), "no"), Reserve())
        self.assertIn("No such file", str(self.assertRaises(NoRoom, admit)))

    def test_real(self) -> None:
        """
        The disk of this machine is looked at as statvfs(3) says.
        """
        DiskReserve(self.clock, os.curdir, Reserve(1))()
        greedy = DiskReserve(self.clock, os.curdir, Reserve(2**62))
        self.assertRaises(NoRoom, greedy)
