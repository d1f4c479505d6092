"""
The places where a process can be made to die.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from signal import SIGKILL

from twisted.trial.unittest import SynchronousTestCase

from jobworker.crashing import (
    GATEWAY,
    SUPERVISOR,
    VARIABLE,
    NoSuchCrashPoint,
    checkCrashPoint,
    crashPoint,
)

ROOT = Path(__file__).parent.parent


def uses() -> Counter[object]:
    """
    Count the names that the code calls L{crashPoint} with.
    """
    return Counter(
        node.args[0].value if isinstance(node.args[0], ast.Constant) else node
        for path in (ROOT / "jobworker").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "crashPoint"
    )


def run(chosen: str, name: str) -> int:
    """
    Come past a place in a process that was told to die at one.

    @return: How that ended.
    """
    program = f"from jobworker.crashing import crashPoint; crashPoint({name!r})"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), VARIABLE: chosen}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, check=False
    ).returncode


class CrashPointTests(SynchronousTestCase):
    """
    The tables and the code agree, and a process dies where it was told to.
    """

    def test_tables(self) -> None:
        """
        Each name of the tables is used once, and no other is.
        """
        self.assertEqual(uses(), Counter(dict.fromkeys(GATEWAY | SUPERVISOR, 1)))
        self.assertEqual(GATEWAY & SUPERVISOR, frozenset())

    def test_dies(self) -> None:
        """
        A process dies at the place that was chosen, and at no other.
        """
        self.assertEqual(run("table-commit", "table-commit"), -SIGKILL)
        self.assertEqual(run("table-commit", "table-committed"), 0)
        self.assertEqual(run("", "table-commit"), 0)

    def test_lives(self) -> None:
        """
        Where nothing was chosen nothing happens.
        """
        for name in SUPERVISOR:
            crashPoint(name)

    def test_unknown(self) -> None:
        """
        A place that does not exist is refused.
        """
        checkCrashPoint("")
        checkCrashPoint("table-commit")
        error = self.assertRaises(NoSuchCrashPoint, checkCrashPoint, "nowhere")
        self.assertIn("nowhere", str(error))
