"""
What jobs ask for, as real processes find it.
"""

from __future__ import annotations

import os
import resource
from typing import Any
from uuid import uuid4

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest

from jobworker.bounds import MIN_FILES
from jobworker.conditions import Conditions
from jobworker.errors import LaunchFailed
from jobworker.hosting.prologue import openInput
from jobworker.hosting.surroundings import readConditions
from jobworker.interfaces.launchers import IJobHandle
from jobworker.jobs import Command, Source, Status
from jobworker.launchers.plain import standardEnvironment
from jobworker.specification import RESOURCES, Input, ResourceLimit, Specification
from tests.hosts import HostTestCase, theLauncher

#: What a command sees of what is in force for it, in lines; limits come last.
LOOK = "/bin/pwd; umask; nice; id -u; id -un; id -g; id -gn; exec cat /proc/self/limits"

#: What the kernel calls the limits of resources.
LIMITS = {
    "as": "Max address space",
    "core": "Max core file size",
    "cpu": "Max cpu time",
    "data": "Max data size",
    "fsize": "Max file size",
    "memlock": "Max locked memory",
    "msgqueue": "Max msgqueue size",
    "nofile": "Max open files",
    "nproc": "Max processes",
    "rss": "Max resident set",
    "sigpending": "Max pending signals",
    "stack": "Max stack size",
}


class SpecificationTests(HostTestCase):
    """
    A command finds what was asked for, from its first instruction on.
    """

    async def write(self, program: str, *arguments: str, **wanted: Any) -> str:
        """
        Run a command that asks for something.

        @return: All that it wrote.
        """
        _, written = await self.see(program, *arguments, **wanted)
        return written

    async def see(
        self, program: str, *arguments: str, **wanted: Any
    ) -> tuple[IJobHandle, str]:
        """
        Run a command that asks for something.

        @return: It, and all that it wrote.
        """
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self.addCleanup(os.close, reader)
        command = Command(program, arguments, Specification(**wanted))
        try:
            handle = await theLauncher().launch(
                str(uuid4()), command, dict.fromkeys(Source, writer)
            )
        finally:
            os.close(writer)
        self.addCleanup(handle.sweep)
        status = await handle.whenExited()
        written = await deferToThread(os.read, reader, 65536)
        self.assertEqual(status, Status(code=0), written)
        return handle, written.decode()

    async def refusal(self, program: str, **wanted: Any) -> str:
        """
        Have a command refused.

        @return: The reason.
        """
        try:
            await self.write(program, **wanted)
        except LaunchFailed as error:
            return str(error)
        raise AssertionError(f"{program} was launched with {wanted}")

    async def test_environment(self) -> None:
        """
        Variables are set, changed and unset, whatever their values hold.
        """
        value = " '\"$(echo no)\n\\é=;`"
        written = await self.write(
            "env",
            "-0",
            environment={
                "A": value,
                "EMPTY": "",
                "USER": "u",
                "LANG": None,
                "NO": None,
            },
        )
        found = dict(line.split("=", 1) for line in written.split("\0") if line)
        del found["JOBWORKER_JOB_ID"]
        expected = {**standardEnvironment(), "A": value, "EMPTY": "", "USER": "u"}
        del expected["LANG"]
        self.assertEqual(found, expected)

    async def test_directory(self) -> None:
        """
        A command begins in its directory, whatever that is called, and has no
        other variables for it; a program is looked for from there.
        """
        directory = os.path.realpath(self.mktemp())
        directory = os.path.join(directory, "-a 'b\"$c\né")
        os.makedirs(directory)
        os.symlink("/bin/pwd", os.path.join(directory, "where"))
        self.assertEqual(
            await self.write("/bin/pwd", directory=directory), f"{directory}\n"
        )
        self.assertEqual(
            await self.write("./where", directory=directory), f"{directory}\n"
        )
        self.assertEqual(
            await self.write("where", directory=directory, environment={"PATH": "."}),
            f"{directory}\n",
        )
        self.assertNotIn("PWD", await self.write("env", directory="/tmp"))

    async def test_noDirectory(self) -> None:
        """
        A directory that is not there, or is none, makes the start fail, and
        the reason says so.
        """
        file = self.mktemp()
        with open(file, "w"):
            pass
        for directory, why in (
            ("/nonexistent", "No such file"),
            (os.path.abspath(file), "Not a directory"),
        ):
            reason = await self.refusal("true", directory=directory)
            self.assertIn(f"cannot change to the directory {directory!r}", reason)
            self.assertIn(why, reason)

    async def test_directoryVanishes(self) -> None:
        """
        So does one that was there when we looked.
        """
        directory = os.path.abspath(self.mktemp())
        os.mkdir(directory)
        await self.write("true", directory=directory)
        os.rmdir(directory)
        # That it can be used is believed for a moment.
        reason = await self.refusal("true", directory=directory)
        self.assertIn(f"cannot change to the directory {directory!r}", reason)

    async def test_umask(self) -> None:
        """
        The mask is the one that was asked for.
        """
        self.assertEqual(await self.write("sh", "-c", "umask", umask=0o27), "0027\n")
        self.assertEqual(await self.write("sh", "-c", "umask", umask=0), "0000\n")

    async def test_nice(self) -> None:
        """
        So is the niceness.
        """
        self.assertEqual(await self.write("nice", nice=7), "7\n")

    async def test_limits(self) -> None:
        """
        So are the limits, soft and hard.
        """
        written = await self.write(
            "sh",
            "-c",
            "ulimit -S -n; ulimit -H -n; ulimit -S -c; ulimit -H -c; ulimit -S -t",
            limits=[
                ResourceLimit("nofile", 50, 60),
                ResourceLimit("core", 0, 0),
                ResourceLimit("cpu", 100, 200),
            ],
        )
        self.assertEqual(written, "50\n60\n0\n0\n100\n")

    async def test_fewFiles(self) -> None:
        """
        The fewest files that can be asked for are enough to start a command.
        """
        fewest = ResourceLimit("nofile", MIN_FILES, MIN_FILES)
        written = await self.write("sh", "-c", "ulimit -n", limits=[fewest])
        self.assertEqual(written, f"{MIN_FILES}\n")

    async def test_aboveOurs(self) -> None:
        """
        What is above the limits of the service is refused, for root, too.
        """
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        for limit in (hard + 1, -1):
            wanted = [ResourceLimit("nofile", 1, limit)]
            reason = await self.refusal("true", limits=wanted)
            self.assertIn("the limit nofile is above that of the service", reason)

    async def test_input(self) -> None:
        """
        The input is what was given, as often as it is read, and then ends.
        """
        data = bytes(range(1, 128)) * 500
        self.assertEqual(
            await self.write("sha1sum", input=Input.of(data)),
            await self.write("sh", "-c", "exec sha1sum <&0", input=Input.of(data)),
        )
        self.assertEqual(await self.write("wc", "-c", input=Input.of(data)), "63500\n")
        self.assertEqual(
            await self.write(
                "sh", "-c", "read x; echo $x; cat", input=Input.of(b"a\nb")
            ),
            "a\nb",
        )

    async def test_everything(self) -> None:
        """
        All of it at once, and steps before do not eat the input; nor does any of
        it make Twisted fork where it could spawn.
        """

        def fork() -> int:
            raise AssertionError("this process was forked")

        self.patch(os, "fork", fork)
        written = await self.write(
            "sh",
            "-c",
            'pwd; umask; nice; ulimit -n; echo "$A"; cat',
            environment={"A": "1"},
            directory="/tmp",
            umask=0o77,
            nice=3,
            limits=[ResourceLimit("nofile", 40, 40)],
            input=Input.of(b"hello"),
        )
        self.assertEqual(written, "/tmp\n0077\n3\n40\n1\nhello")

    async def test_inForce(self) -> None:
        """
        What is said to be in force is what a command finds, whether it asked
        for that or not.
        """
        rows: tuple[dict[str, Any], ...] = (
            {},
            {
                "environment": {"A": "1", "HOME": None},
                "directory": "/tmp",
                "umask": 0o77,
                "nice": 3,
                "limits": [ResourceLimit("nofile", 40, 50)],
            },
        )
        for wanted in rows:
            handle, written = await self.see("sh", "-c", LOOK, **wanted)
            _, variables = await self.see("env", "-0", **wanted)
            self.assertFound(handle.conditions, written, variables)

    def test_openFiles(self) -> None:
        """
        The files that jobs may have open are as many as was said, if that is
        possible.
        """
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        for said, expected in ((None, soft), (40, 40), (hard + 1, soft)):
            found = {each.resource: each for each in readConditions((), said).limits}
            self.assertEqual(
                found["nofile"], ResourceLimit("nofile", expected, hard), said
            )

    async def test_inForceAsUser(self) -> None:
        """
        The same holds for a command of another user.
        """
        if os.geteuid() != 0:
            raise SkipTest("only root can become somebody else")
        wanted = {"user": "nobody", "group": "daemon", "nice": 1}
        handle, written = await self.see("sh", "-c", LOOK, **wanted)
        _, variables = await self.see("env", "-0", **wanted)
        self.assertFound(handle.conditions, written, variables)

    def assertFound(
        self, conditions: Conditions | None, written: str, variables: str
    ) -> None:
        """
        Check that conditions are what a command found.

        @param written: What L{LOOK} wrote.

        @param variables: What C{env} did.
        """
        assert conditions is not None
        lines = written.splitlines()
        self.assertEqual(
            lines[:7],
            [
                os.path.realpath(conditions.directory),
                f"{conditions.umask:04o}",
                *map(str, (conditions.nice, conditions.userNumber, conditions.user)),
                *map(str, (conditions.groupNumber, conditions.group)),
            ],
        )
        names = [line.split("=")[0] for line in variables.split("\0") if line]
        self.assertEqual(conditions.variables, tuple(sorted(names)))
        for limit in conditions.limits:
            called = LIMITS[limit.resource]
            (line,) = (each for each in lines[7:] if each.startswith(called))
            found = line.removeprefix(called).split()[:2]
            told = (limit.soft, limit.hard)
            self.assertEqual(found, ["unlimited" if n < 0 else str(n) for n in told])
        self.assertEqual([each.resource for each in conditions.limits], [*RESOURCES])

    async def test_notFound(self) -> None:
        """
        That a program is missing is said as ever.
        """
        wanted = {"directory": "/tmp", "umask": 0o77, "nice": 1}
        self.assertIn("not found", await self.refusal("./no", **wanted))
        self.assertIn("not found", await self.refusal("no-such-thing", **wanted))

    async def test_descriptors(self) -> None:
        """
        Nothing is left open, here or there.
        """
        await self.write("true")
        before = len(os.listdir("/proc/self/fd"))
        written = await self.write("ls", "/proc/self/fd", input=Input.of(b"x"), nice=1)
        self.assertEqual(written.split(), ["0", "1", "2", "3"])
        # The reading end of the pipe is closed by the cleanup.
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before + 1)

    def test_sealed(self) -> None:
        """
        Nobody can change an input.
        """
        descriptor = openInput(Input.of(b"hello"))
        self.addCleanup(os.close, descriptor)
        self.assertRaises(PermissionError, os.write, descriptor, b"x")
        self.assertEqual(os.read(descriptor, 10), b"hello")
