"""
The launcher without processes.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.interfaces.launchers import IJobHandle, ILauncher
from jobworker.jobs import Command, Status
from tests.contracts_launcher import ILauncherTests
from tests.memorylauncher import MemoryHandle, MemoryLauncher


class MemoryLauncherTests(ILauncherTests, TestCase):
    """
    It keeps the contract of a launcher.
    """

    def makeLauncher(self) -> ILauncher:
        """
        Make a launcher.
        """
        return MemoryLauncher({"/nonexistent/program": "command not found"})

    def letExit(self, handle: IJobHandle, status: Status) -> None:
        """
        Let a command exit.
        """
        assert isinstance(handle, MemoryHandle)
        handle.exit(status)


class StubbornTests(SynchronousTestCase):
    """
    It can stand for what is hard to end.
    """

    def test_stubborn(self) -> None:
        """
        A sweep of a stubborn job waits until that has vanished.
        """
        launcher = MemoryLauncher()
        self.successResultOf(launcher.launch("1", Command("sleep"), {}))
        handle = launcher.handles["1"]
        handle.stubborn = True
        swept = handle.sweep()
        self.assertNoResult(swept)
        handle.vanish()
        self.assertIsNone(self.successResultOf(swept))

    def test_disobedient(self) -> None:
        """
        A job that does not obey goes on after any signal but SIGKILL.
        """
        launcher = MemoryLauncher()
        self.successResultOf(launcher.launch("1", Command("sleep"), {}))
        handle = launcher.handles["1"]
        handle.obeys = False
        handle.signal(15)
        self.assertNoResult(handle.whenExited())
        handle.signal(9)
        self.assertEqual(handle.signals, [15, 9])
        self.assertEqual(self.successResultOf(handle.whenExited()), Status(signal=9))

    def test_leftovers(self) -> None:
        """
        What is left of earlier jobs is ended when that is asked for.
        """
        launcher = MemoryLauncher()
        launcher.leftovers = {"1", "2"}
        self.successResultOf(launcher.endLeftovers({"1": None}))
        self.assertEqual(launcher.leftovers, {"2"})
