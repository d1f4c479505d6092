"""
The demo, run as C{make demo} runs it once everything is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.cli.exits import Exit
from tests.daemons import PATIENCE, ROOT, environment, processesOf
from tests.examples import writePrograms
from tests.torture.traces import leftovers


class DemoTests(SynchronousTestCase):
    """
    A checkout with what the demo takes from it, and programs as an installation
    has them.
    """

    def setUp(self) -> None:
        """
        Make the checkout, and a directory for temporary files.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-demo-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.checkout, self.temporary = self.folder / "checkout", self.folder / "tmp"
        self.temporary.mkdir()
        (self.checkout / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/demo", self.checkout / "scripts")
        made = shutil.ignore_patterns("local")
        shutil.copytree(ROOT / "certs", self.checkout / "certs", ignore=made)
        self.path = writePrograms(self.folder)
        python = self.folder / "programs/python"
        python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)

    def test_demo(self) -> None:
        """
        The demo streams checksums, stops a job, queries jobs and is refused the
        log of somebody else's; then it succeeds and leaves nothing.
        """
        before = sorted(self.checkout.rglob("*"))
        said = self.demonstrate()
        self.assertSums(said)
        self.assertJobs(said)
        self.assertNothingLeft(said)
        self.assertEqual(sorted(self.checkout.rglob("*")), before)

    def demonstrate(self) -> str:
        """
        Run the demo, which succeeds.

        @return: What it has printed.
        """
        demo = subprocess.Popen(
            ["sh", "scripts/demo"],
            cwd=self.checkout,
            env=environment(PATH=self.path, TMPDIR=str(self.temporary)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            said, _ = demo.communicate(timeout=2 * PATIENCE)
        except subprocess.TimeoutExpired:
            # It tidies up before it ends.
            demo.terminate()
            said, _ = demo.communicate(timeout=PATIENCE)
        self.assertEqual(demo.returncode, 0, said)
        return said

    def answer(self, said: str, command: str) -> str:
        """
        Find what a command has printed.
        """
        found = re.findall(rf"(?ms)^\$ {re.escape(command)}\n(.*?)(?=^\$ |^$)", said)
        self.assertEqual(len(found), 1, said)
        return str(found[0])

    def assertSums(self, said: str) -> None:
        """
        There is a checksum for each package of the standard library, and it is
        right.
        """
        library = Path(sysconfig.get_path("stdlib"))
        packages = {each.name for each in library.glob("[a-z]*") if each.is_dir()}
        summed = re.findall(r"(?m)^(\S+)/ +\d+ \d+$", said)
        self.assertEqual(sorted(summed), sorted(packages - {"site-packages"}))
        find = 'find json/ -name "*.py" -type f -exec cat {} + | cksum'
        right = subprocess.check_output(["sh", "-c", find], cwd=library, text=True)
        self.assertRegex(said, f"(?m)^json/ +{right}")
        self.assertEqual(said.count("\ndone\n"), 1)

    def assertJobs(self, said: str) -> None:
        """
        A job that does not end is shown while it runs, and stopped; both jobs are
        queried, and the log of one is refused.
        """
        self.assertRegex(self.answer(said, "jobworker ps"), r" running .* clock ")
        stopped = self.answer(said, "jobworker stop clock")
        self.assertRegex(stopped, r"(?m)^state: +stopped$")
        ended = self.answer(said, "jobworker query sums")
        self.assertRegex(ended, r"(?m)^state: +exited$")
        queried = json.loads(self.answer(said, "jobworker query --json clock"))
        self.assertEqual((queried["owner"], queried["state"]), ("bob", "stopped"))
        refused = self.answer(said, "jobworker logs sums")
        self.assertIn(f"\n(exit status {Exit.NOPERM.value})\n", refused)

    def assertNothingLeft(self, said: str) -> None:
        """
        There is no file of the demo, no daemon and no job.
        """
        self.assertEqual(os.listdir(self.temporary), [])
        (state,) = {*re.findall(r"--state-dir (\S+)", said)}
        (job,) = {*re.findall(r"(?m)^(\S{36})\n\$ jobworker ps$", said)}
        left = processesOf(state) + leftovers({job})
        for process in left:
            os.kill(process, signal.SIGKILL)
        self.assertEqual(left, [])
