"""
What is executed for a command, and what is made of what it tells.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.hosting.becoming import Account
from jobworker.hosting.execution import Execution, findShell, hasFailed
from jobworker.jobs import Status
from jobworker.specification import Specification


class ShellTests(SynchronousTestCase):
    """
    The command is the end of what is executed.
    """

    def test_command(self) -> None:
        """
        The arguments are the last, word by word, behind what the steps take.
        """
        wanted = Specification(directory="/srv")
        execution = findShell().execution([b"do it", b"$x"], {}, wanted)
        self.assertEqual(execution.arguments[0], "setsid")
        self.assertEqual(execution.arguments[-3:], [b"/srv", b"do it", b"$x"])
        self.assertEqual(execution.program, "do it")

    def test_locale(self) -> None:
        """
        A locale comes to the command by way of the shell.
        """
        environment = {"LANG": "a'b", "HOME": "/"}
        execution = findShell().execution([b"true"], environment)
        self.assertEqual(execution.environment, {"HOME": "/"})
        self.assertIn("export LANG='a'\"'\"'b'\n", str(execution.arguments[3]))

    def test_files(self) -> None:
        """
        The number of open files is set before anything that may change it.
        """
        script = findShell(77).execution([b"true"], {}).arguments[3]
        self.assertTrue(str(script).startswith("ulimit -S -n 77\n"))

    def test_account(self) -> None:
        """
        Another user begins in the root, and is named when something fails.
        """
        account = Account("nobody", 65534, 65534, "/nonexistent")
        execution = findShell().execution([b"true"], {}, account=account)
        self.assertEqual(execution.directory, "/")
        self.assertEqual(execution.user, "nobody")
        self.assertIn("--reuid=65534", execution.arguments)


class TellingTests(SynchronousTestCase):
    """
    What the shell tells is put into words.
    """

    def test_runs(self) -> None:
        """
        A program runs that nothing was told of, or that the user was become.
        """
        self.assertFalse(hasFailed(b""))
        self.assertFalse(hasFailed(b"user\nok\n"))
        self.assertTrue(hasFailed(b"user\n"))
        self.assertTrue(hasFailed(b"user\nok\n\n"))
        self.assertTrue(hasFailed(b"\n"))

    def test_reasons(self) -> None:
        """
        The last step that was told of is to blame, or else the execution.
        """
        rows = (
            (b"directory\n", 1, "cannot change to the directory '/srv'"),
            (b"user\nok\nnice\n", 1, "cannot set the niceness that was asked for"),
            (b"user\n", 1, "cannot become the user that was asked for"),
            (b"\n", 127, "command not found: 'x'"),
            (b"user\nok\n\n", 126, "the system refuses to execute 'x'"),
        )
        execution = Execution("/bin/setsid", [], {}, "x", "/srv")
        for told, code, reason in rows:
            self.assertEqual(execution.explain(told, Status(code=code)), reason)

    def test_user(self) -> None:
        """
        Who was to run it is said.
        """
        execution = Execution("/bin/setsid", [], {}, "x", "/", "alice")
        reason = execution.explain(b"\n", Status(code=127))
        self.assertEqual(reason, "command not found: 'x', as user 'alice'")
