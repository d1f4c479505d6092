"""
What is run of every commit says how it went.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import PATIENCE, ROOT
from tests.programs import need

#: What trial says at last.
_PASSED, _FAILED = "PASSED (skips=2, successes=40)", "FAILED (errors=1, successes=39)"


class CITests(SynchronousTestCase):
    """
    C{.ci/run} in a directory where C{make} has other things to do.
    """

    def setUp(self) -> None:
        """
        Make the directory.
        """
        need("make")
        self.folder = Path(self.mktemp())
        (self.folder / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci/run", self.folder / ".ci")

    def assertSays(
        self,
        said: str,
        test: str = f"echo '{_PASSED}'",
        lint: str = "true",
        venv: str = "true",
        **variables: str,
    ) -> str:
        """
        It ends with a line, and with the status that goes with it.

        @param said: The status and the line.
        @param test: What C{make test} does, and so on.
        @param variables: Of its environment.

        @return: What it has said before.
        """
        (self.folder / "Makefile").write_text(
            f"venv:\n\t@{venv}\ntest: venv\n\t@{test}\nlint: venv\n\t@{lint}\n"
            "docs: venv\n\t@echo making docs\n"
        )
        done = subprocess.run(
            [".ci/run"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        before, _, last = done.stdout.removesuffix("\n").rpartition("\n")
        self.assertEqual(f"{done.returncode}: {last}", said, done.stdout)
        return before

    def test_passed(self) -> None:
        """
        Tests come first, then the rest.
        """
        before = self.assertSays("0: 40 passed, 0 failed", lint="echo checking")
        self.assertEqual(before.splitlines()[0], _PASSED)
        self.assertEqual({*before.splitlines()[1:]}, {"checking", "making docs"})

    def test_failed(self) -> None:
        """
        Tests that failed are counted, and the rest is done nevertheless.
        """
        test = f"echo '{_PASSED}'; echo '{_FAILED}'; exit 1"
        before = self.assertSays("1: 39 passed, 1 failed", test)
        self.assertIn("\nmaking docs\n", before)
        kinds = (
            "FAILED (expectedFailures=1, failures=2, errors=3, unexpectedSuccesses=4)"
        )
        self.assertSays("1: 0 passed, 9 failed", f"echo '{kinds}'; exit 1")

    def test_died(self) -> None:
        """
        That all tests passed is not enough when trial fails, nor is that it does
        not.
        """
        self.assertSays("1: 40 passed, 1 failed", f"echo '{_PASSED}'; exit 1")
        self.assertSays("1: 0 passed, 1 failed", "kill -9 $$$$")
        self.assertSays("1: 0 passed, 1 failed", "echo PASSED")

    def test_checks(self) -> None:
        """
        Bad style is a failure, and does not keep the documentation from being
        made.
        """
        before = self.assertSays("1: 40 passed, 0 failed", lint="exit 3")
        self.assertIn("\nmaking docs\n", before)
        self.assertIn("make lint docs failed with status 2", before)

    def test_nothing(self) -> None:
        """
        It ends with that line, too, when nothing could be run.
        """
        before = self.assertSays("1: 0 passed, 1 failed", venv="echo offline; exit 1")
        self.assertIn("make test failed with status 2", before)
        self.assertSays("1: 0 passed, 1 failed", venv="true\nno Makefile")
        self.assertSays("1: 0 passed, 1 failed", TMPDIR="/nowhere")
