"""
The state directory.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.notifying import notify
from jobworker.daemon.state import (
    GatewayUser,
    StateDirectory,
    StateTaken,
    defaultStateDirectory,
    findGatewayUser,
    lockState,
    reach,
)
from jobworker.errors import BadConfiguration


def modeOf(path: str) -> int:
    """
    Get the permissions of a file.
    """
    return stat.S_IMODE(os.stat(path).st_mode)


class _StateTests(SynchronousTestCase):
    """
    Tests that have a directory.
    """

    def setUp(self) -> None:
        """
        Make a directory.
        """
        self.directory = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, "a", "state")

    def prepare(self, gateway: GatewayUser | None = None) -> StateDirectory:
        """
        Use the directory.
        """
        state = StateDirectory(self.path)
        state.prepare(gateway)
        return state

    def refused(self, gateway: GatewayUser | None = None) -> str:
        """
        Try to use the directory.

        @return: Why that cannot be.
        """
        error: Any = self.assertRaises(BadConfiguration, self.prepare, gateway)
        self.assertNotIn("\n", error.reason)
        self.assertIn(self.path, error.reason)
        return str(error.reason)


class DefaultTests(SynchronousTestCase):
    """
    Who says nothing gets the usual directory.
    """

    def test_rows(self) -> None:
        """
        It depends on who it is, and on the environment.
        """
        home = os.path.expanduser("~/.local/state/jobworker")
        for environment, uid, path in (
            ({"XDG_STATE_HOME": "/x"}, 0, "/var/lib/jobworker"),
            ({"XDG_STATE_HOME": "/x"}, 7, "/x/jobworker"),
            ({"XDG_STATE_HOME": "x"}, 7, home),
            ({}, 7, home),
        ):
            self.assertEqual(defaultStateDirectory(environment, uid), path)


class OpeningTests(_StateTests):
    """
    The directory is ours, and nobody else's.
    """

    def test_made(self) -> None:
        """
        What is not there is made, for us alone, and can be used again.
        """
        state = self.prepare()
        self.assertEqual(self.prepare(), state)
        for path in (state.path, state.logs, state.run):
            self.assertEqual(modeOf(path), 0o700)
        self.assertEqual(modeOf(state.lock), 0o600)

    def test_readable(self) -> None:
        """
        A directory that others may read is refused, and so is one in it.
        """
        state = self.prepare()
        for path in (state.path, state.logs, state.run):
            for mode in (0o750, 0o705, 0o720, 0o701):
                os.chmod(path, mode)
                self.assertIn(f"chmod 700 {path}", self.refused())
            os.chmod(path, 0o700)

    def test_foreign(self) -> None:
        """
        A directory that is not ours is refused.
        """
        owner = 65534
        if os.getuid() == 0:
            os.makedirs(self.path, mode=0o700)
            os.chown(self.path, owner, owner)
        else:
            self.path, owner = "/usr", 0
        self.assertIn(f"belongs to user {owner}", self.refused())

    def test_noDirectory(self) -> None:
        """
        Something else is refused.
        """
        os.makedirs(os.path.dirname(self.path))
        with open(self.path, "w"):
            pass
        self.refused()

    def test_readOnly(self) -> None:
        """
        Where nothing can be written is nothing to be had.
        """
        self.path = "/proc/self/fdinfo/state"
        self.refused()

    def test_gatewayUser(self) -> None:
        """
        The user of gateways may enter, connect and read logs, and no more.
        """
        if os.getuid() != 0:
            self.skipTest("only root can give things away")
        gateway = GatewayUser(65534, 65534)
        self.prepare()
        state = self.prepare(gateway)
        self.assertEqual(self.prepare(gateway), state)
        self.assertEqual(modeOf(state.path), 0o710)
        self.assertEqual(modeOf(state.run), 0o710)
        self.assertEqual(modeOf(state.logs), 0o2750)
        self.assertEqual(os.stat(state.logs).st_gid, 65534)
        self.assertIn("chmod 700", self.refused())

    def test_findGatewayUser(self) -> None:
        """
        Users have names and numbers.
        """
        self.assertEqual(findGatewayUser("root"), GatewayUser(0, 0))
        self.assertEqual(findGatewayUser("0"), GatewayUser(0, 0))
        for name in ("no such user", "4294967290", "9" * 50):
            self.assertRaises(BadConfiguration, findGatewayUser, name)


class LockTests(_StateTests):
    """
    A state directory has one supervisor.
    """

    def test_second(self) -> None:
        """
        A second one is told who the first is, until that is gone.
        """
        state = self.prepare()
        lock = lockState(state)
        error = self.assertRaises(StateTaken, lockState, state)
        self.assertIn(f"pid {os.getpid()}", error.reason)
        lock.release()
        lock.release()
        lockState(state).release()

    def test_notInherited(self) -> None:
        """
        What the supervisor starts does not hold the lock.
        """
        state = self.prepare()
        lock = lockState(state)
        process = subprocess.Popen(
            [sys.executable, "-c", "print(flush=True); input()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            close_fds=False,
        )
        self.addCleanup(process.communicate, b"\n")
        assert process.stdout is not None
        process.stdout.readline()
        lock.release()
        lockState(state).release()


class ReachTests(_StateTests):
    """
    The socket can be used however long its path is.
    """

    def test_long(self) -> None:
        """
        A path that is too long is reached by another.
        """
        for name in ("x", "x" * 100):
            state = StateDirectory(os.path.join(self.path, name))
            state.prepare()
            way = reach(state)
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(way.path)
                self.assertTrue(os.path.exists(state.socket))
                server.listen()
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(way.path)
            way.close()
            way.close()

    def test_missing(self) -> None:
        """
        Where there is no directory there is no way.
        """
        state = StateDirectory(os.path.join(self.path, "x" * 100))
        self.assertRaises(FileNotFoundError, reach, state)


class NotifyTests(_StateTests):
    """
    The service manager is told.
    """

    def test_told(self) -> None:
        """
        It is told at its socket, be that a file or an abstract one.
        """
        for name in (self.directory + "/notify", "\0" + self.directory):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
                manager.bind(name)
                address = name.replace("\0", "@")
                notify({"NOTIFY_SOCKET": address}, "READY=1")
                self.assertEqual(manager.recv(100), b"READY=1")

    def test_nobody(self) -> None:
        """
        Where there is no service manager nothing happens.
        """
        notify({}, "READY=1")
        notify({"NOTIFY_SOCKET": self.directory + "/none"}, "READY=1")
