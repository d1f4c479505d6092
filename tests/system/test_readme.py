"""
What README.rst tells people to do works.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker.tap import Options
from tests.daemons import PATIENCE, ROOT, environment, freePort, processesOf, until

README = (ROOT / "README.rst").read_text("utf-8")


def commands() -> list[str]:
    """
    Find the commands of the quick start.
    """
    blocks = re.findall(r"\.\. code-block:: console\n\n((?:    .*\n)+)", README)
    return [line.strip()[2:] for block in blocks for line in block.splitlines()]


class ReadmeTests(SynchronousTestCase):
    """
    A newcomer who types what stands there gets what it says.
    """

    def setUp(self) -> None:
        """
        Make a directory with what a checkout has for the quick start.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-readme-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(
            ROOT / "certs",
            self.folder / "certs",
            ignore=shutil.ignore_patterns("local"),
        )
        self.state = self.folder / "state"
        self.addCleanup(self.end)

    def end(self) -> None:
        """
        End the daemon that the commands have started, and its jobs.
        """
        for process in processesOf(str(self.state)):
            os.kill(process, signal.SIGTERM)
        until(lambda: not processesOf(str(self.state)), "the daemon has ended")

    def test_quickStart(self) -> None:
        """
        The commands of the quick start run, in their order.
        """
        script = "set -e\n" + "\n".join(
            f"{command} || echo status $?" for command in commands()
        )
        script = script.replace("7777", str(freePort()))
        script = script.replace("/tmp/jobworker-state", str(self.state))
        search = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-c", script],
            cwd=self.folder,
            env=environment(PATH=search),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=2 * PATIENCE,
            check=False,
        )
        said = done.stdout.decode()
        self.assertEqual(done.returncode, 0, said)
        self.assertIn("line 1\nline 2\nline 3\n", said)
        self.assertEqual(re.findall("status .*", said), ["status 3"], said)
        self.assertIn("state:     stopped", said)

    def test_options(self) -> None:
        """
        Every option of the daemon stands there, and no other.
        """
        table = README.partition("The daemon\n------")[2].partition("The command line")[
            0
        ]
        written = set(re.findall(r"\* - ``--([a-z-]+)", table))
        options = Options()
        known = set(options.longOpt) - {"version", "help", "help-reactors"}
        self.assertEqual(written, {name.removesuffix("=") for name in known})
