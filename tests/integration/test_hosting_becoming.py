"""
Commands that run as another user, as real processes.
"""

from __future__ import annotations

# Trial takes a name "suppress" in a module for an option of its own.
import contextlib
import grp
import os
import pwd
import shutil
import tempfile
from signal import SIGKILL
from typing import Any
from uuid import uuid4

from twisted.internet.defer import Deferred

from jobworker.errors import LaunchFailed
from jobworker.interfaces.launchers import IJobHandle
from jobworker.jobs import Command, Source, Status
from jobworker.specification import Input, ResourceLimit, Specification
from tests.hosts import (
    HostTestCase,
    descendants,
    readAll,
    readLine,
    theLauncher,
    until,
)

NOBODY = pwd.getpwnam("nobody")

_ROOT = os.geteuid() == 0


class BecomingTests(HostTestCase):
    """
    A command is run by the user that was asked for, or not at all.
    """

    async def begin(
        self, program: str, *arguments: str, **wanted: Any
    ) -> tuple[IJobHandle, int]:
        """
        Launch a command.

        @return: It, and the reading end of the pipe that it writes to.
        """
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self.addCleanup(os.close, reader)
        specification = Specification(**{"user": "nobody", **wanted})
        try:
            handle = await theLauncher().launch(
                str(uuid4()),
                Command(program, arguments, specification),
                dict.fromkeys(Source, writer),
            )
        finally:
            os.close(writer)
        self.addCleanup(handle.sweep)
        return handle, reader

    async def write(self, program: str, *arguments: str, **wanted: Any) -> str:
        """
        Run a command to its end.

        @return: All that it wrote.
        """
        handle, reader = await self.begin(program, *arguments, **wanted)
        written: Deferred[bytes] = readAll(reader)
        self.assertEqual(await handle.whenExited(), Status(code=0))
        return (await written).decode()

    async def refusal(self, program: str, *arguments: str, **wanted: Any) -> str:
        """
        Have a command refused.

        @return: The reason.
        """
        try:
            await self.begin(program, *arguments, **wanted)
        except LaunchFailed as error:
            return str(error)
        raise AssertionError(f"{program} was launched with {wanted}")

    def folder(self, mode: int) -> str:
        """
        Make a directory of root's that others can get to.
        """
        path = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(shutil.rmtree, path)
        os.chmod(path, mode)
        return path

    async def test_identity(self) -> None:
        """
        All of a process is that user's: user, group, groups, and what a login
        sets of the environment; nothing can be taken back.
        """
        script = "id -ur; id -u; id -g; id -G; pwd; echo $HOME $USER $LOGNAME"
        written = await self.write("sh", "-c", f"{script}; grep CapEff /proc/$$/status")
        uid, gid = str(NOBODY.pw_uid), str(NOBODY.pw_gid)
        groups = os.getgrouplist("nobody", NOBODY.pw_gid)
        self.assertEqual(
            written.splitlines(),
            [
                *(uid, uid, gid, " ".join(map(str, groups)), "/"),
                f"{NOBODY.pw_dir} nobody nobody",
                "CapEff:\t0000000000000000",
            ],
        )

    async def test_numbers(self) -> None:
        """
        Users and groups may be named by number, and what was asked of the
        environment counts before what a login sets.
        """
        group = grp.getgrgid(1)
        written = await self.write(
            *("sh", "-c", "id -u; id -g; echo $HOME"),
            user=str(NOBODY.pw_uid),
            group=group.gr_name,
            environment={"HOME": "/elsewhere"},
        )
        expected = f"{NOBODY.pw_uid}\n{group.gr_gid}\n/elsewhere\n"
        self.assertEqual(written, expected)
        await self.write("true", group=str(group.gr_gid))

    async def test_everything(self) -> None:
        """
        Whatever else is asked for is in force, too, and a command can open
        its outputs by their names.
        """
        written = await self.write(
            *("sh", "-c", "cat; umask; nice; ulimit -n; pwd; echo x >/dev/stderr"),
            input=Input.of(b"in\n"),
            umask=0o27,
            nice=5,
            limits=[ResourceLimit("nofile", 33, 40)],
            directory="/tmp",
        )
        self.assertEqual(written, "in\n0027\n5\n33\n/tmp\nx\n")

    async def test_unknown(self) -> None:
        """
        Who is not known to this host cannot be had.
        """
        for wanted, who in (
            ({"user": "nobody-at-all"}, "user 'nobody-at-all'"),
            ({"user": "4294967290"}, "user '4294967290'"),
            ({"user": "9" * 30}, "user '999"),
            ({"group": "no-such-group"}, "group 'no-such-group'"),
            ({"group": "4294967290"}, "group '4294967290'"),
        ):
            self.assertIn(f"no {who}", await self.refusal("true", **wanted))

    async def test_outOfReach(self) -> None:
        """
        A directory, a program or a script's interpreter that we can reach and
        the user cannot makes the start fail, and the reason says who cannot.
        """
        closed = self.folder(0o700)
        program = os.path.join(self.folder(0o755), "program")
        shutil.copy("/bin/true", program)
        os.chmod(program, 0o700)
        reason = await self.refusal("true", directory=closed)
        self.assertIn(f"directory {closed!r}, as user 'nobody'", reason)
        self.assertIn("as user 'nobody'", await self.refusal(program))
        inside = os.path.join(closed, "program")
        shutil.copy("/bin/true", inside)
        self.assertIn("as user 'nobody'", await self.refusal(inside))
        os.chmod(program, 0o755)
        await self.write(program)

    async def test_sweep(self) -> None:
        """
        All processes of such a job are found and killed, also those that
        have left its session and whose parents are dead.
        """
        script = "setsid sh -c 'setsid sleep 60 & sleep 60' & echo; wait"
        handle, reader = await self.begin("sh", "-c", script)
        await readLine(reader)
        await until(lambda: len(_processesOf(NOBODY.pw_uid)) >= 4)
        await handle.sweep()
        self.assertEqual(await handle.whenExited(), Status(signal=SIGKILL))
        self.assertEqual(_processesOf(NOBODY.pw_uid), [])

    async def test_noTool(self) -> None:
        """
        Where setpriv is missing, this is said.
        """
        self.patch(os, "environ", {**os.environ, "PATH": self.folder(0o755)})
        self.assertIn("'setpriv'", await self.refusal("true"))

    async def test_notRoot(self) -> None:
        """
        Who is not root can become nobody else, and says so.
        """
        self.patch(os, "geteuid", lambda: 1000)
        self.assertIn("does not run as root", await self.refusal("true"))


if not _ROOT:
    for _name in dir(BecomingTests):
        if _name.startswith("test_") and _name != "test_notRoot":
            getattr(BecomingTests, _name).skip = "only root can become somebody"


def _processesOf(uid: int) -> list[int]:
    """
    Find what a user runs and was started here.
    """
    found = []
    for entry in descendants():
        with contextlib.suppress(FileNotFoundError):
            if os.stat(f"/proc/{entry.pid}").st_uid == uid:
                found.append(entry.pid)
    return found
