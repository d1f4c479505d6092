"""
What the programs say about themselves when they are asked for help.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from jobworker import supervisortap, tap
from jobworker.cli.commands import below
from jobworker.cli.program import jobworker
from jobworker.daemon.options import StrictOptions

#: Columns of the terminal that the help is made for.
WIDTH = 78


def reference() -> str:
    """
    Write the help of every command.
    """
    helps = [
        *commandHelps(jobworker, "jobworker"),
        daemonHelp(tap.Options()),
        daemonHelp(supervisortap.Options()),
    ]
    return "\n".join(line for name, text in helps for line in _section(name, text))


def commandHelps(command: click.Command, name: str) -> Iterator[tuple[str, str]]:
    """
    Ask a command for its help, and all commands below it.

    @param name: The name that it is called by.
    """
    context = click.Context(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    yield name, command.get_help(context)
    if isinstance(command, click.Group):
        for each, found in below(command):
            yield from commandHelps(found, f"{name} {each}")


def daemonHelp(options: StrictOptions) -> tuple[str, str]:
    """
    Ask a command of twistd for its help.
    """
    name = f"twistd {options.command}"
    return name, f"Usage: {name} [options]\n{options.getUsage(WIDTH)}"


def _section(name: str, text: str) -> Iterator[str]:
    """
    Write one help as a section of its own.
    """
    yield from (name, "-" * len(name), "", "::", "")
    yield from (f"    {line}".rstrip() for line in text.splitlines())
    yield ""
