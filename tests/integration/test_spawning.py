"""
What cannot be run, and what runs it.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
from pathlib import Path
from uuid import uuid4

from jobworker.errors import BadConfiguration, LaunchFailed, NoRoom
from jobworker.hosting.spawning import Spawner
from jobworker.jobs import Command, Source, Status
from tests.hosts import (
    HostTestCase,
    hostingReactor,
    living,
    readAll,
    theLauncher,
)
from tests.programs import need


class RefusalTests(HostTestCase):
    """
    What cannot be run never becomes a job.
    """

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a directory for programs, and have everything opened that the
        reactor opens at first.
        """
        await self.run_("true")
        self.directory = Path(self.mktemp()).absolute()
        self.directory.mkdir()

    def program(self, content: bytes, mode: int = 0o755) -> str:
        """
        Make a program.
        """
        path = self.directory / f"program{len(list(self.directory.iterdir()))}"
        path.write_bytes(content)
        path.chmod(mode)
        return str(path)

    async def assertRefused(self, word: str, program: str, *arguments: str) -> None:
        """
        Have a launch fail with a certain word in the reason.
        """
        descriptors = len(os.listdir("/proc/self/fd"))
        try:
            await self.launch(program, *arguments)
        except LaunchFailed as error:
            self.assertIn(word, str(error))
        else:
            self.fail(f"{program!r} was launched")
        # The reading end of the pipe is closed by the cleanup.
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), descriptors + 1)

    async def test_reasons(self) -> None:
        """
        Each reason is said in words.
        """
        elf = Path(sys.executable).resolve().read_bytes()[:4096]
        foreign = elf[:18] + b"\x2b\0" + elf[20:]
        rows = (
            ("empty", ""),
            ("not found", "no-such-program"),
            ("not found", "/no/such/program"),
            ("not found", self.program(b"") + "x"),
            ("denied", self.program(b"#!/bin/sh\n", 0o644)),
            ("directory", "/tmp"),
            ("directory", "/"),
            ("denied", "/dev/null"),
            ("Not a directory", "/dev/null/x"),
            ("symbolic links", self.loop()),
            ("name too long", "x" * 5000),
            ("NUL", "tr\0ue"),
            ("half a character", "\ud800"),
            ("format", self.program(b"")),
            ("format", self.program(b"exit 3\n")),
            ("format", self.program(b"\x7fELF")),
            ("format", self.program(foreign)),
            ("interpreter", self.program(b"#!\n")),
            ("'/no/such'", self.program(b"#! /no/such -x\n")),
            ("'/tmp'", self.program(b"#!/tmp\n")),
        )
        for word, program in rows:
            await self.assertRefused(word, program)

    async def test_arguments(self) -> None:
        """
        Arguments that cannot be passed are refused.
        """
        await self.assertRefused("NUL", "true", "a\0b")
        await self.assertRefused("half a character", "true", "\udfff")
        await self.assertRefused("too long", "true", "x" * 2**18)
        await self.assertRefused("too long", "true", *["x" * 2**16] * 200)

    async def test_lastMoment(self) -> None:
        """
        What goes wrong when the shell executes the program is found out, too,
        and its complaint is no output of a job.
        """
        # The kernel refuses to run what is being written.
        program = self.program(Path("/bin/true").read_bytes())
        with open(program, "ab"):
            await self.assertRefused("refuses to execute", program)

    async def test_vanished(self) -> None:
        """
        A program that could be run a moment ago, and is gone, is refused.
        """
        program = self.program(b"#!/bin/sh\n")
        await self.run_(program)
        os.remove(program)
        await self.assertRefused("not found", program)

    def loop(self) -> str:
        """
        Make a link to itself.
        """
        path = self.directory / "loop"
        path.symlink_to(path)
        return str(path)


class ShortageTests(HostTestCase):
    """
    What the host lacks is not the fault of the command.
    """

    async def test_descriptors(self) -> None:
        """
        When no descriptor is left there is no room, and nothing is spawned.
        """
        job, _ = await self.launch("true")
        await job.whenExited()
        # While there is a job, orphans are looked for, which takes descriptors.
        await job.sweep()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        before = len(os.listdir("/proc/self/fd"))
        for program in ("true", "/bin/echo"):
            resource.setrlimit(resource.RLIMIT_NOFILE, (4, limits[1]))
            launched = theLauncher().launch(str(uuid4()), Command(program), {})
            outcome = await launched.addErrback(lambda failure: failure.value)
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            self.assertIsInstance(outcome, NoRoom)
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)
        self.assertEqual(living(), 0)


class OtherShellTests(HostTestCase):
    """
    Where there is no dash, another shell does.
    """

    def setUp(self) -> None:
        """
        Make a spawner that finds bash under the name of sh.
        """
        need("bash")
        tools = Path(self.mktemp()).absolute()
        tools.mkdir()
        (tools / "sh").symlink_to("/bin/bash")
        setsid = shutil.which("setsid")
        assert setsid is not None
        (tools / "setsid").symlink_to(setsid)
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = str(tools)
        self.spawner = Spawner(hostingReactor)
        os.environ["PATH"] = path
        self.addCleanup(self.spawner.close)

    async def spawn(self, *command: str) -> tuple[Status, bytes]:
        """
        Run a command to its end.
        """
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self.addCleanup(os.close, reader)
        arguments = [os.fsencode(word) for word in command]
        outputs = dict.fromkeys(Source, writer)
        spawned = self.spawner.spawn(arguments, {"PATH": os.defpath}, outputs)
        os.close(writer)
        await spawned.running
        output = await readAll(reader)
        return await spawned.exited.wait(), output

    async def test_run(self) -> None:
        """
        A command runs, with its status and descriptors as they should be.
        """
        status, output = await self.spawn("sh", "-c", "ls /proc/self/fd; exit 127")
        self.assertEqual(status, Status(code=127))
        self.assertEqual(output.split(), [b"0", b"1", b"2", b"3"])

    async def test_names(self) -> None:
        """
        What looks like an option of the shell is a command.
        """
        status, _ = await self.spawn("-c", "exit 3")
        self.assertEqual(status, Status(code=127))

    async def test_missing(self) -> None:
        """
        A system without the tools is told what to install.
        """
        path = os.environ["PATH"]
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        os.environ["PATH"] = "/nonexistent"
        error = self.assertRaises(BadConfiguration, Spawner, hostingReactor)
        self.assertIn("util-linux", str(error))
