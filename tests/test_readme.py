"""
What README.rst says of the programs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import click

from twisted.trial.unittest import SynchronousTestCase

from jobworker import supervisortap, tap
from jobworker.cli.exits import MEANINGS, besideJobs
from jobworker.cli.program import jobworker
from tests.daemons import ROOT
from tests.test_cli_documentation import commands

README = (ROOT / "README.rst").read_text("utf-8")


#: Options whose default is said in words, as it depends on who starts it, and how.
_DEPENDS = {"state-dir", "open-files", "log-file"}


def between(begin: str, end: str) -> str:
    """
    Find what stands between two texts.
    """
    found, _, _ = README.partition(begin)[2].partition(end)
    assert found
    return found


class OptionsTests(SynchronousTestCase):
    """
    The tables of options are complete, and right.
    """

    def assertWritten(
        self,
        table: str,
        options: tap.Options | supervisortap.Options,
        passed: Iterable[str] = (),
    ) -> None:
        """
        Every option stands in the table, and no other, beside what holds if it
        is not given, unless that depends.

        @param passed: Those that have no row of their own.
        """
        rows = dict(re.findall(r"\* - ``--([a-z-]+).*\n     -(.*)", table))
        known = {*options.longOpt} - {"version", "help", "help-reactors"}
        names = {name.removesuffix("=") for name in known}
        self.assertEqual({*rows, *passed}, names)
        for name in rows.keys() & options.defaults.keys() - _DEPENDS:
            self.assertEqual(rows[name].strip(), options.defaults[name] or "", name)

    def test_gateway(self) -> None:
        """
        Every option of the daemon has a row.
        """
        table = between("The daemon\n------", "The gateway starts a supervisor")
        self.assertWritten(table, tap.Options())

    def test_supervisor(self) -> None:
        """
        Every option of the supervisor has a row of its own or is one that is
        passed on to it.
        """
        text = between("The gateway starts a supervisor", "The command line\n---")
        passed = re.findall(r"``--([a-z-]+)``", text.partition("  A service")[0])
        self.assertWritten(text, supervisortap.Options(), passed)

    def test_commands(self) -> None:
        """
        The flags of every command stand beside it, and no others.
        """
        shared = {flag for each in jobworker.params for flag in each.opts}
        connection = shared - {"--version"}
        table = between("\nFlag  ", "\n\n")
        self.assertEqual({*re.findall(r"``(--[a-z]+)``", table)}, connection)
        rows: dict[str, set[str]] = {}
        row: set[str] = set()
        for line in between("\nCommand              Flags\n", "\n\n").splitlines()[
            1:-1
        ]:
            if name := re.match(r"``([a-z ]+)``", line):
                row = rows.setdefault(name[1], set())
            row.update(re.findall(r"``(-[a-z-]+)``", line))
        known = {"jobworker": {"--version"}}
        for path, command in commands(jobworker, "jobworker"):
            flags = {
                flag
                for each in command.params
                if isinstance(each, click.Option)
                for flag in each.opts
            }
            offline = path.startswith(("jobworker certs", "jobworker token"))
            ours = flags if offline else flags - connection
            known[path.removeprefix("jobworker ")] = ours
        self.assertEqual(rows, known)

    def test_exits(self) -> None:
        """
        The table of exit codes is that of the program.
        """
        rows = [
            f"{code.value:<6}{besideJobs(code) if code else '':<13}{meaning}"
            for code, meaning in MEANINGS.items()
        ]
        table = between("\nCode  run, …", "\n\n").splitlines()
        self.assertEqual(table[2:-1], rows)
