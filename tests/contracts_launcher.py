"""
The contract of a launcher, as tests for whoever claims to provide it.

The commands are real ones, so that real processes can keep it.
"""

from __future__ import annotations

import os
from signal import SIGKILL, SIGTERM
from typing import TYPE_CHECKING
from uuid import uuid4

from zope.interface.verify import verifyObject

from twisted.trial.unittest import TestCase

from jobworker.errors import LaunchFailed
from jobworker.interfaces.launchers import IJobHandle, ILauncher
from jobworker.jobs import Command, Source, Status

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


class ILauncherTests(_Base):
    """
    What a launcher promises.
    """

    timeout = 30

    launcher: ILauncher

    def makeLauncher(self) -> ILauncher:
        """
        Make a launcher that cannot run C{/nonexistent/program}.
        """
        raise NotImplementedError

    def letExit(self, handle: IJobHandle, status: Status) -> None:
        """
        Let a command exit that does not do so by itself.
        """

    def setUp(self) -> None:
        """
        Make a launcher, and somewhere to write to.
        """
        self.launcher = self.makeLauncher()
        nothing = os.open(os.devnull, os.O_WRONLY)
        self.addCleanup(os.close, nothing)
        self.outputs = dict.fromkeys(Source, nothing)

    async def launch(self, program: str, *arguments: str) -> IJobHandle:
        """
        Launch a command that is swept at last.
        """
        command = Command(program, arguments)
        handle = await self.launcher.launch(str(uuid4()), command, self.outputs)
        self.addCleanup(handle.sweep)
        return handle

    async def refusal(self, command: Command) -> str:
        """
        Have a launch fail.

        @return: The reason.
        """
        try:
            await self.launcher.launch(str(uuid4()), command, self.outputs)
        except LaunchFailed as error:
            return str(error)
        raise AssertionError(f"{command} was launched")

    async def test_interfaces(self) -> None:
        """
        A launcher and what it launches provide their interfaces.
        """
        self.assertTrue(verifyObject(ILauncher, self.launcher))
        handle = await self.launch("sleep", "60")
        self.assertTrue(verifyObject(IJobHandle, handle))

    async def test_different(self) -> None:
        """
        Each job has a process of its own.
        """
        handles = [await self.launch("sleep", "60") for _ in range(3)]
        self.assertEqual(len({handle.process for handle in handles}), 3)

    async def test_exits(self) -> None:
        """
        All who wait are told how the command exited, however late they ask.
        """
        handle = await self.launch("sh", "-c", "exit 3")
        waiting = [handle.whenExited(), handle.whenExited()]
        self.letExit(handle, Status(code=3))
        for each in (*waiting, handle.whenExited()):
            self.assertEqual(await each, Status(code=3))

    async def test_signal(self) -> None:
        """
        A signal reaches the command.
        """
        handle = await self.launch("sleep", "60")
        handle.signal(SIGTERM)
        self.assertEqual(await handle.whenExited(), Status(signal=SIGTERM))

    async def test_signalExited(self) -> None:
        """
        To signal a job does no harm after its command has exited.
        """
        handle = await self.launch("true")
        self.letExit(handle, Status(code=0))
        await handle.whenExited()
        handle.signal(SIGKILL)
        self.assertEqual(await handle.whenExited(), Status(code=0))

    async def test_waitCancelled(self) -> None:
        """
        Who waits for the exit may give up.
        """
        handle = await self.launch("sleep", "60")
        waiting = handle.whenExited().addErrback(lambda failure: None)
        waiting.cancel()
        await waiting
        handle.signal(SIGTERM)
        self.assertEqual(await handle.whenExited(), Status(signal=SIGTERM))

    async def test_sweep(self) -> None:
        """
        A sweep kills a command that runs.
        """
        handle = await self.launch("sleep", "60")
        await handle.sweep()
        self.assertEqual(await handle.whenExited(), Status(signal=SIGKILL))

    async def test_sweepAgain(self) -> None:
        """
        One may sweep where nothing is, and twice at once.
        """
        handle = await self.launch("sleep", "60")
        for swept in (handle.sweep(), handle.sweep()):
            await swept
        await handle.sweep()

    async def test_cannot(self) -> None:
        """
        A command that cannot be started is refused with a reason.
        """
        for command in (Command(""), Command("/nonexistent/program", ("x",))):
            self.assertTrue(await self.refusal(command))

    async def test_noLeftovers(self) -> None:
        """
        Nothing is left of jobs that never were, and what is launched since
        then is left alone.
        """
        handle = await self.launch("sleep", "60")
        await self.launcher.endLeftovers({str(uuid4()): None})
        handle.signal(SIGTERM)
        self.assertEqual(await handle.whenExited(), Status(signal=SIGTERM))
