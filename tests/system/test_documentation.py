"""
What the documentation tells people to type works, and answers what stands there.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import ROOT, environment, freePort, processesOf, until
from tests.examples import Typist, examples


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
