"""
What docs/cli.rst says of the command line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from twisted.trial.unittest import SynchronousTestCase

from jobworker import supervisortap, tap
from jobworker.cli.commands import below
from jobworker.cli.exits import MEANINGS, besideJobs
from jobworker.cli.program import jobworker

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "cli.rst").read_text("utf-8")
README = (ROOT / "README.rst").read_text("utf-8")
PAGES = [
    *ROOT.glob("[RS]*.rst"),
    *ROOT.glob("certs/*.rst"),
    *ROOT.glob("docs/**/*.rst"),
]

#: Flags that pages speak of and that are those of useradd, systemctl, setsid, twistd
#: and the benchmarks.
FOREIGN = {
    "--system",
    "--home-dir",
    "--shell",
    "--now",
    "--fork",
    "--nodaemon",
    "--together",
    "--syslog",
    "--logger",
}


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """
    Find all commands below a group, with their whole names.
    """
    for name, command in below(group):
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


class DocumentationTests(SynchronousTestCase):
    """
    The documentation is complete.
    """

    def test_commands(self) -> None:
        """
        Every command is explained under its name.
        """
        for path, _ in commands(jobworker, "jobworker"):
            self.assertRegex(TEXT, rf"(?m)^(``[^`]+``, )?``{path} ")

    def test_summaries(self) -> None:
        """
        What a command does is said in a line of the help, whole.
        """
        for path, command in commands(jobworker, "jobworker"):
            short = command.get_short_help_str(60)
            self.assertFalse(short.endswith("..."), f"{path}: {short}")

    def test_readme(self) -> None:
        """
        The table of commands in the README has all of them, and no other.
        """
        table = README.partition("\nCommand ")[2].partition("\n\n")[0]
        named = re.findall(r"(?m)^``(\w+)``", table)
        self.assertEqual(sorted(named), sorted(name for name, _ in below(jobworker)))

    def test_flags(self) -> None:
        """
        Every flag of every command is named.
        """
        for path, command in [("", jobworker), *commands(jobworker, "jobworker")]:
            for parameter in command.params:
                for flag in parameter.opts:
                    if flag.startswith("--"):
                        self.assertRegex(TEXT, rf"{flag}\b", path)

    def test_known(self) -> None:
        """
        Every flag that any page speaks of is one of ours, and every command is.
        """
        ours = {"--help", "--version", *FOREIGN}
        for options in (tap.Options(), supervisortap.Options()):
            ours |= {f"--{name.removesuffix('=')}" for name in options.longOpt}
        for _, command in [("", jobworker), *commands(jobworker, "jobworker")]:
            ours |= {flag for each in command.params for flag in each.opts}
        names = {name for name, _ in below(jobworker)}
        for page in PAGES:
            text = page.read_text("utf-8")
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text):
                self.assertIn(flag, ours, page.name)
            for name in re.findall(r"(?:``|\$[ (])jobworker ([a-z]+)", text):
                self.assertIn(name, names, page.name)

    def test_environment(self) -> None:
        """
        Every variable is named.
        """
        for name in ("ADDRESS", "CERT", "KEY", "CA", "TOKEN", "CONTEXT"):
            self.assertIn(f"``JOBWORKER_{name}``\n", TEXT)

    def test_exits(self) -> None:
        """
        The table of exit codes is that of the program.
        """
        for code, meaning in MEANINGS.items():
            beside = besideJobs(code) if code else ""
            self.assertIn(f"\n{code.value:<6}{beside:<13}{meaning}\n", TEXT)
