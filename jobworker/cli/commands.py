"""
The commands by their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

import click

#: In which module each is.
_HOMES: Final[Mapping[str, str]] = {
    "certs": "certs",
    "completion": "completing",
    "context": "context",
    "delete": "jobs",
    "doctor": "doctor",
    "events": "events",
    "info": "info",
    "inspect": "jobs",
    "kill": "signaling",
    "logs": "logs",
    "ps": "listing",
    "query": "jobs",
    "run": "running",
    "start": "jobs",
    "stop": "jobs",
    "stream": "streaming",
    "token": "token",
    "wait": "waiting",
}


#: What others call some of them, and flags, where that is not alike.
_ELSEWHERE: Final[Mapping[str, str]] = {
    "attach": "stream",
    "cancel": "stop",
    "exec": "run",
    "help": "--help",
    "list": "ps",
    "ls": "ps",
    "rm": "delete",
    "remove": "delete",
    "show": "inspect",
    "status": "query",
    "submit": "start",
    "top": "ps --watch",
    "version": "--version",
}


class Commands(click.Group):
    """
    A group of all commands, each of which is loaded when it is needed: one
    command needs little of what they need together.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """
        Name them.
        """
        return sorted(_HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """
        Load one of them.
        """
        if cmd_name not in _HOMES:
            return None
        module = import_module(f".{_HOMES[cmd_name]}", __package__)
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """
        Find the one that is meant; where there is none, say what may be meant.
        """
        name = args[0]
        if name not in _HOMES and not ctx.resilient_parsing:
            likely = _likely(name)
            if likely:
                ctx.fail(f"no such command {name!r} (perhaps {' or '.join(likely)})")
        return super().resolve_command(ctx, args)


def _likely(name: str) -> list[str]:
    """
    Guess which commands somebody means.
    """
    if name in _ELSEWHERE:
        return [_ELSEWHERE[name]]
    from difflib import get_close_matches

    return get_close_matches(name, _HOMES, 2)


def below(group: click.Group) -> Iterator[tuple[str, click.Command]]:
    """
    Load all commands of a group.

    @return: Each with its name.
    """
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield name, command
