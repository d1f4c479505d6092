"""
Completion in shells: the scripts that they load, and what the scripts ask for
each time that somebody presses the key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Final

import click

from .commands import below
from .invocation import programName

#: For bash from 4.4 on.  Bash takes a flag, the sign and its value apart.
_BASH: Final = """\
%(complete_func)s() {
    local IFS=$'\\n' kind value
    COMPREPLY=()
    while IFS=',' read -r kind value; do
        case $kind in
        dir) compopt -o dirnames ;;
        file) compopt -o default ;;
        plain) COMPREPLY+=("$value") ;;
        esac
    done < <(env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD="$COMP_CWORD" \\
        %(complete_var)s=bash_complete "${1/#\\~/$HOME}" 2>/dev/null)
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""

SHELLS: Final = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """
    Print what makes a shell complete commands, flags and jobs.

    For bash, put this into ~/.bashrc:

    \b
        eval "$(jobworker completion bash)"

    For zsh, the same with zsh into ~/.zshrc, after compinit; for fish:

    \b
        jobworker completion fish > ~/.config/fish/completions/jobworker.fish
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root()
    name = programName()
    found = get_completion_class(shell)
    assert found is not None
    made = found(root.command, {}, name, variable(name))
    template = _BASH if shell == "bash" else made.source_template
    click.echo(template % made.source_vars(), nl=False)


def variable(name: str) -> str:
    """
    Name the variable of the environment by which a shell asks.
    """
    return f"_{re.sub('[^A-Za-z0-9]', '_', name)}_COMPLETE".upper()


def complete(
    root: click.Group, name: str, environment: Mapping[str, str], shell: str
) -> int:
    """
    Answer a shell.

    @param name: The name of the program.

    @param shell: Which shell asks, as C{"bash_complete"}.

    @return: The code to exit with.
    """
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell.removesuffix("_complete"))
    if found is None:
        return 1
    for path, command in _commands(root, ()):
        for parameter in command.params:
            _offer(path, parameter)
    asked = found(root, {"obj": environment}, name, variable(name))
    try:
        if asked.name == "bash":
            _joinFlags()
        click.echo(asked.complete())
    except Exception:  # noqa: BLE001
        # Nobody asked for an error in the middle of a line.
        return 1
    return 0


def _joinFlags() -> None:
    """
    Leave out signs between flags and their values, which bash makes words of.

    Click looks for the words in the environment.
    """
    words = os.environ.get("COMP_WORDS", "").split("\n")
    place = int(os.environ.get("COMP_CWORD", "0"))
    before = [word for word in words[:place] if word != "="]
    now = ["" if word == "=" else word for word in words[place:]]
    os.environ["COMP_WORDS"] = "\n".join([*before, *now])
    os.environ["COMP_CWORD"] = str(len(before))


def _commands(
    command: click.Command, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """
    Find a command and all below it, with their names.
    """
    yield path, command
    if isinstance(command, click.Group):
        for name, each in below(command):
            yield from _commands(each, (*path, name))


def _offer(path: tuple[str, ...], parameter: click.Parameter) -> None:
    """
    Have something offered for a parameter, if it is one of those that take what
    there is.
    """
    from . import offering
    from .parameters import SIGNAL

    takes = (parameter.metavar or "").strip("[].…").partition("|")[0]
    offer: offering.Offering | None = None
    if parameter.type is SIGNAL:
        offer = offering.signals
    elif parameter.name == "context" or (path[:1] == ("context",) and takes == "NAME"):
        offer = offering.contexts
    elif takes in ("ID", "JOB"):
        offer = offering.jobs
    elif takes == "FILE":
        offer = offering.files
    elif takes == "DIR" and path[:1] == ("certs",):
        # Other directories are on the hosts of jobs.
        offer = offering.folders
    if offer is not None:
        parameter.type = offering.OfferingType(offer)
