"""
Rooms for sockets, of which none is left for long.
"""

from __future__ import annotations

import os
import stat
import subprocess

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.rooms import chooseRoom
from jobworker.errors import BadConfiguration


class RoomTests(SynchronousTestCase):
    """
    A room is for one process, and goes with it.
    """

    def setUp(self) -> None:
        """
        Make a directory for rooms.
        """
        self.folder = self.mktemp()
        os.mkdir(self.folder)

    def test_private(self) -> None:
        """
        Nobody else may enter a room; it can be removed with what is in it.
        """
        room = chooseRoom(self.folder)
        room.make()
        self.assertEqual(stat.S_IMODE(os.stat(room.path).st_mode), 0o700)
        with open(room.socket, "w"):
            pass
        room.remove()
        self.assertEqual(os.listdir(self.folder), [])

    def test_impossible(self) -> None:
        """
        Where none can be made, that is said; nothing is made until then.
        """
        room = chooseRoom(os.path.join(self.folder, "missing"))
        error = self.assertRaises(BadConfiguration, room.make)
        self.assertIn(": No such file or directory", str(error))
        chooseRoom(self.folder)
        self.assertEqual(os.listdir(self.folder), [])

    def test_stale(self) -> None:
        """
        Rooms of processes that are gone are removed; others, and what has another
        name, stay.
        """
        gone = subprocess.Popen(["true"])
        gone.wait()
        stay = [
            "something",
            "jobworker-gateway-x-y",
            f"jobworker-gateway-{os.getpid()}-a",
        ]
        for name in (*stay, f"jobworker-gateway-{gone.pid}-abc"):
            os.mkdir(os.path.join(self.folder, name))
        room = chooseRoom(self.folder)
        room.make()
        self.assertEqual(
            set(os.listdir(self.folder)), {*stay, os.path.basename(room.path)}
        )
