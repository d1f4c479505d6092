"""
What the documentation tells people to type works, and answers what stands there.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import (
    PATIENCE,
    ROOT,
    DaemonCase,
    credentials,
    environment,
    freePort,
    processesOf,
    until,
)
from tests.examples import Typist, blocks, examples, fits
from tests.screens import FOLDER, screens


class BeginningTests(SynchronousTestCase):
    """
    Pages that begin with nothing: certificates and a daemon are made there.
    """

    def setUp(self) -> None:
        """
        Make an empty directory.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-docs-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = self.folder / "state"
        self.addCleanup(self.end)

    def end(self) -> None:
        """
        End the daemon that the commands have started, and its jobs.
        """
        for process in processesOf(str(self.state)):
            os.kill(process, signal.SIGTERM)
        until(lambda: not processesOf(str(self.state)), "the daemon has ended")

    def typePage(self, page: str) -> None:
        """
        Type what stands on a page.
        """
        typed = examples((ROOT / page).read_text("utf-8"))
        self.assertTrue(typed)
        variables = environment(XDG_CONFIG_HOME=str(self.folder / "config"))
        exchanged = {
            "7777": str(freePort()),
            "/tmp/jobworker-state": str(self.state),
        }
        wrong = Typist(self.folder, variables, exchanged).type(typed)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_readme(self) -> None:
        """
        The quick start works in a checkout.
        """
        shutil.copytree(
            ROOT / "certs",
            self.folder / "certs",
            ignore=shutil.ignore_patterns("local"),
        )
        self.typePage("README.rst")

    def test_tutorial(self) -> None:
        """
        The tutorial works in an empty directory.
        """
        self.typePage("docs/tutorial.rst")


class RunningTests(DaemonCase):
    """
    Pages that call a daemon that runs.
    """

    def setUp(self) -> None:
        """
        Start a daemon, and make a directory with the certificates that it knows.
        """
        self.daemon = self.startDaemon("--on-shutdown", "stop")
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-docs-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "certs").symlink_to(credentials() / "certs")

    def test_howTo(self) -> None:
        """
        The how-to guides work.
        """
        # Nobody has contexts there.
        nowhere = {"XDG_CONFIG_HOME": str(self.folder / "config")}
        typist = Typist(self.folder, {**self.daemon.caller(), **nowhere})
        wrong = []
        for page in sorted((ROOT / "docs/howto").glob("*.rst")):
            typed = examples(page.read_text("utf-8"))
            self.assertTrue(typed, page.name)
            if shutil.which("openssl") or not any("openssl" in x.typed for x in typed):
                wrong += [f"{page.name}, {said}" for said in typist.type(typed)]
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_client(self) -> None:
        """
        The examples for the clients of Python run as they stand there.
        """
        texts = [
            (ROOT / p).read_text("utf-8") for p in ("README.rst", "docs/client.rst")
        ]
        found = [block for text in texts for _, block in blocks(text, "python")]
        self.assertGreater(len(found), 3)
        for file in [*credentials().glob("*.jwt"), *credentials().glob("certs/*.pem")]:
            (self.folder / file.name).symlink_to(file)
        for block in found:
            done = subprocess.run(
                [sys.executable, "-c", block.replace("7777", str(self.daemon.port))],
                cwd=self.folder,
                env=self.daemon.caller(),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            self.assertEqual((done.returncode, done.stderr), (0, ""), block)
            self.assertIn("b'out\\n'", done.stdout, block)

    def test_screens(self) -> None:
        """
        Terminals show what the documentation shows.
        """
        for name, seen in screens(self.daemon):
            shown = (FOLDER / f"{name}.txt").read_text("utf-8")
            self.assertTrue(fits(shown, seen), seen)
