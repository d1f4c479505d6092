"""
Gateways of different versions take over from each other while jobs run.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from jobworker import __version__
from jobworker.link.greeting import NEWEST, OLDEST
from tests.daemons import (
    COMMAND,
    PATIENCE,
    ROOT,
    Daemon,
    DaemonCase,
    processesOf,
)
from tests.system.test_refusals import RefusalCase
from tests.wheels import build, change, copySource, install, unpackPredecessor

#: A job that counts until it is told to end, and then leaves with a code.
COUNTER = "trap 'exit 7' USR1; n=0; while :; do echo $n; n=$((n + 1)); sleep 0.02; done"

#: A newer one refuses an older one, or the other way round.
MISFIT = "the supervisor cannot be used: .*restart the older one"


class UpgradeTests(DaemonCase):
    """
    The package is exchanged between two starts of the gateway.
    """

    def setUp(self) -> None:
        """
        Make a directory for the versions.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-upgrade-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)

    def install(self, name: str) -> str:
        """
        Build a version and install it.

        @param name: The directory of its sources.

        @return: The interpreter that finds it.
        """
        wheel = build(self.folder / name, self.folder / f"{name}-dist", "wheel")
        return str(install(wheel, self.folder / f"{name}-installed") / "python")

    def current(self) -> str:
        """
        Install what is tested here.
        """
        copySource(self.folder / "this")
        return self.install("this")

    def exchange(self, before: str, after: str) -> None:
        """
        Run a job, followed all the time, under a gateway of one version, of the
        other, and of the first again.
        """
        daemon = self.makeDaemon()
        daemon.python = before
        daemon.start(PYTHONPATH="")
        job = daemon.run("sh", "-c", COUNTER)
        (supervisor,) = {*processesOf(str(daemon.state))} - {self.gateway(daemon)}
        follower = subprocess.Popen(
            [*COMMAND, "stream", "--job", job],
            env=daemon.caller(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(follower.kill)
        lines = self.read(follower)
        for python in (after, before):
            next(lines)
            daemon.kill()
            daemon.python = python
            if not self.takesOver(daemon):
                return
            self.assertIn(supervisor, processesOf(str(daemon.state)))
            self.assertIn(b"running", daemon.call("query", "--job", job).stdout)
        done = daemon.call("stop", "--signal", "USR1", "--job", job)
        self.assertEqual(done.returncode, 0, done.stderr)
        for _ in lines:
            pass
        self.assertEqual(follower.wait(PATIENCE), 7)

    def gateway(self, daemon: Daemon) -> int:
        """
        Name the process of a gateway that runs.
        """
        assert daemon.process is not None
        return daemon.process.pid

    def read(self, follower: subprocess.Popen[bytes]) -> Iterator[int]:
        """
        Read what the job counts; no number is missing, and none comes twice.
        """
        assert follower.stdout is not None
        with follower.stdout as output:
            for expected, line in enumerate(output):
                self.assertEqual(int(line), expected)
                yield expected

    def takesOver(self, daemon: Daemon) -> bool:
        """
        Start a gateway of another version.

        @return: Whether it could use the supervisor; if not, it has said so.
        """
        try:
            daemon.start(PYTHONPATH="")
        except AssertionError:
            self.assertRegex(daemon.said(), MISFIT)
            self.assertEqual(daemon.wait(), 1)
            return False
        return True

    def other(self) -> str:
        """
        Install the commit before this one; where that is not at hand, this one
        as if it were the next version.
        """
        source = self.folder / "other"
        if not unpackPredecessor(source):
            copySource(source)
            package = source / "jobworker/__init__.py"
            change(package, f'"{__version__}"', '"9999.1"')
        return self.install("other")

    def test_exchange(self) -> None:
        """
        This version and another one take over from each other, or say why they
        cannot.
        """
        self.exchange(self.other(), self.current())


class ProtocolTests(RefusalCase):
    """
    Processes that have no version of their protocol in common do not guess.
    """

    def other(self, daemon: Daemon, version: int) -> str:
        """
        Make a package that speaks another version only.

        @return: Where it is found.
        """
        folder = daemon.folder.with_name(f"{daemon.folder.name}-{version}")
        self.addCleanup(shutil.rmtree, folder)
        for package in ("jobworker", "twisted"):
            shutil.copytree(ROOT / package, folder / package)
        greeting = folder / "jobworker/link/greeting.py"
        change(greeting, f"OLDEST: Final = {OLDEST}", f"OLDEST: Final = {version}")
        change(greeting, f"NEWEST: Final = {NEWEST}", f"NEWEST: Final = {version}")
        return str(folder)

    def test_misfit(self) -> None:
        """
        A gateway that cannot talk to the supervisor says who must be restarted,
        and leaves with status 1; the supervisor and its jobs do not care.
        """
        daemon = self.makeDaemon()
        other = self.other(daemon, NEWEST + 1)
        daemon.start(PYTHONPATH=other)
        job = daemon.run("sleep", "1000")
        daemon.kill()
        (supervisor,) = processesOf(str(daemon.state))
        self.assertRefused(
            self.attempt(daemon),
            f"version {NEWEST + 1} at least: restart the older one",
        )
        self.assertEqual(processesOf(str(daemon.state)), [supervisor])
        daemon.start(PYTHONPATH=other)
        self.assertIn(b"running", daemon.call("query", "--job", job).stdout)
