"""
Commands as real processes.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from signal import SIG_IGN, SIGHUP, SIGINT, SIGKILL, SIGPIPE, getsignal
from signal import signal as handle
from typing import Any
from uuid import uuid4

from attrs import define

from twisted.trial.unittest import TestCase

from jobworker.hosting.census import identify
from jobworker.hosting.reaping import measure
from jobworker.interfaces.launchers import ILauncher
from jobworker.jobs import Command, Status, Usage
from jobworker.launchers.plain import standardEnvironment
from tests.contracts_launcher import ILauncherTests
from tests.hosts import (
    HostTestCase,
    readLine,
    theLauncher,
)


class PlainLauncherTests(ILauncherTests, TestCase):
    """
    It keeps the contract of a launcher.
    """

    def makeLauncher(self) -> ILauncher:
        """
        Make a launcher.
        """
        return theLauncher()


@define
class Process:
    """
    As much of a process of Twisted's as is looked at.
    """

    pid: int
    reapProcess: Any = None


class CommandTests(HostTestCase):
    """
    A command gets what it was asked to get, and nothing else.
    """

    async def test_statuses(self) -> None:
        """
        The status of a command is exact, those that a shell uses for its own
        troubles among them.
        """
        for code in (0, 1, 2, 125, 126, 127, 128, 137, 255):
            status, _ = await self.run_("sh", "-c", f"exit {code}")
            self.assertEqual(status, Status(code=code))
        for number in (1, 2, 6, 9, 11, 13, 15, 34, 64):
            status, _ = await self.run_("sh", "-c", f"kill -{number} $$")
            self.assertEqual(status, Status(signal=number))

    async def test_usage(self) -> None:
        """
        What a command and the children that it waited for have used is known
        when it has exited, and not before.
        """
        work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
        gate = os.path.abspath(self.mktemp())
        os.mkfifo(gate)
        script = f"read line < $0; ({work}); {work}"
        handle, _ = await self.launch("sh", "-c", script, gate)
        self.assertIsNone(handle.usage)
        Path(gate).write_text("go\n")
        await handle.whenExited()
        assert handle.usage is not None
        self.assertGreater(handle.usage.user, 10_000_000)

    async def test_peak(self) -> None:
        """
        The most memory that a command had is told; where it had less than this
        process, which it shared its memory with at first, only that it had no
        more.
        """
        ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        size = ours + 2**25
        code = f"x = bytearray(b'x') * {size}"
        handle, _ = await self.launch(sys.executable, "-S", "-c", code)
        self.assertEqual(await handle.whenExited(), Status(code=0))
        assert handle.usage is not None and handle.usage.peak is not None
        self.assertFalse(handle.usage.bound)
        self.assertTrue(size <= handle.usage.peak < size + 2**25, handle.usage)
        handle, _ = await self.launch("sh", "-c", "sleep 0.1")
        await handle.whenExited()
        assert handle.usage is not None and handle.usage.peak is not None
        self.assertTrue(handle.usage.bound)
        self.assertTrue(ours <= handle.usage.peak < ours + 2**26, handle.usage)

    def test_usageOfDead(self) -> None:
        """
        It is known too if the command exits before anybody could look.
        """
        script = "read line; i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
        reader, writer = os.pipe2(os.O_CLOEXEC)
        pid = os.posix_spawnp(
            "sh",
            ["sh", "-c", script],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, reader, 0)],
        )
        os.close(reader)
        found: list[Usage] = []
        measure(Process(pid), found.append)
        self.assertEqual(found, [])
        os.close(writer)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        measure(Process(pid), found.append)
        os.waitpid(pid, 0)
        self.assertGreater(found[0].user, 0)

    async def test_environment(self) -> None:
        """
        The environment is what we make, and the identifier of the job.
        """
        identifier = str(uuid4())
        self.addCleanup(os.environ.pop, "SECRET_OF_THE_DAEMON")
        os.environ["SECRET_OF_THE_DAEMON"] = "x"
        command, reader = await self.launch("env", "-0", identifier=identifier)
        await command.whenExited()
        variables = dict(
            line.split("=", 1)
            for line in os.read(reader, 65536).decode().split("\0")
            if line
        )
        expected = {**standardEnvironment(), "JOBWORKER_JOB_ID": identifier}
        self.assertEqual(variables, expected)
        self.assertEqual(
            set(expected), {"PATH", "HOME", "LANG", "USER", "JOBWORKER_JOB_ID"}
        )

    async def test_descriptors(self) -> None:
        """
        A command has three descriptors, of which the first gives nothing; and
        has no other, whatever is open here.
        """
        inheritable = os.open("/dev/zero", os.O_RDONLY)
        self.addCleanup(os.close, inheritable)
        os.set_inheritable(inheritable, True)
        _, output = await self.run_("ls", "/proc/self/fd")
        # The last one is the directory itself.
        self.assertEqual(output.split(), [b"0", b"1", b"2", b"3"])
        _, output = await self.run_("cat")
        self.assertEqual(output, b"")
        _, output = await self.run_("readlink", "/proc/self/fd/0")
        self.assertEqual(output, b"/dev/null\n")

    async def test_signals(self) -> None:
        """
        No signal is blocked or ignored, whatever is ignored here.

        But for two that glibc keeps for itself: posix_spawn(3) ignores them
        for whoever it spawns.
        """
        own = 0b11 << 31
        for number in (SIGHUP, SIGINT):
            self.addCleanup(handle, number, getsignal(number))
            handle(number, SIG_IGN)
        self.assertEqual(getsignal(SIGPIPE), SIG_IGN)
        _, output = await self.run_("grep", "^Sig[BI]", "/proc/self/status")
        for line in output.splitlines():
            self.assertEqual(int(line.split()[1], 16) & ~own, 0, line)

    async def test_session(self) -> None:
        """
        A command leads a session and a group of its own, and its number is
        that of the process that was launched.
        """
        command, reader = await self.launch(
            "sh", "-c", "echo $$; cat /proc/$$/stat; exec sleep 60"
        )
        pid = int(await readLine(reader))
        self.assertEqual(command.process, identify(pid))
        fields = (await readLine(reader)).rpartition(b")")[2].split()
        self.assertEqual([int(field) for field in fields[2:4]], [pid, pid])

    async def test_arguments(self) -> None:
        """
        Arguments arrive as they were sent.
        """
        arguments = (
            "",
            " ",
            "a\nb\n",
            "é日\U0001f600",
            "\udcff\udc80",
            "-n",
            "--",
            "$HOME `id` \"'\\",
            "*",
            "",
        )
        script = "cat /proc/$$/cmdline"
        _, output = await self.run_("sh", "-c", script, "sh", *arguments)
        expected = [each.encode("utf-8", "surrogateescape") for each in arguments]
        self.assertEqual(output.split(b"\0")[4:-1], expected)

    async def test_manyArguments(self) -> None:
        """
        There may be ten thousand arguments.
        """
        _, output = await self.run_("echo", *map(str, range(10_000)))
        self.assertEqual(output, b" ".join(b"%d" % n for n in range(10_000)) + b"\n")

    async def test_name(self) -> None:
        """
        A program is told the name that it was asked for by.
        """
        _, output = await self.run_("cat", "/proc/self/cmdline")
        self.assertEqual(output.split(b"\0")[0], b"cat")

    async def test_strangeNames(self) -> None:
        """
        A program may have any name.
        """
        directory = Path(self.mktemp())
        directory.mkdir()
        for name in ("-x", "a b", "a=b", "é\n", "$(id)", "exec", "\udcfe"):
            program = directory / name
            program.write_text("#!/bin/sh\nexit 9\n")
            program.chmod(0o755)
            status, _ = await self.run_(str(program.absolute()))
            self.assertEqual(status, Status(code=9), name)


class GroupTests(HostTestCase):
    """
    Signals reach the group of a job.
    """

    async def test_group(self) -> None:
        """
        A signal reaches children that stayed in the group.
        """
        command, reader = await self.launch("sh", "-c", "sleep 60 & echo; wait; exit 1")
        await readLine(reader)
        command.signal(SIGKILL)
        self.assertEqual(await command.whenExited(), Status(signal=SIGKILL))
        # The child held the pipe.
        self.assertEqual(await readLine(reader), b"")

    async def test_groupWithoutLeader(self) -> None:
        """
        A signal reaches what the command left in its group.
        """
        command, reader = await self.launch("sh", "-c", "sleep 60 & exit 3")
        self.assertEqual(await command.whenExited(), Status(code=3))
        command.signal(SIGKILL)
        self.assertEqual(await readLine(reader), b"")


class CostTests(TestCase):
    """
    Nothing is left of a launch.
    """

    timeout = 60

    async def test_descriptors(self) -> None:
        """
        After a hundred commands no more descriptors are open than before.
        """
        await self.several(2)
        before = len(os.listdir("/proc/self/fd"))
        await self.several(100)
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)

    async def several(self, times: int) -> None:
        """
        Run commands to their ends.
        """
        for _ in range(times):
            job = await theLauncher().launch(str(uuid4()), Command("true"), {})
            await job.whenExited()
            await job.sweep()
