"""
The commands that keep named servers.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click

from ..client.addresses import Address
from ..client.contexts import (
    APART,
    KEYS,
    NAMING,
    Context,
    ContextFile,
    configFile,
    isName,
)
from ..client.credentials import looksLikeToken
from ..client.failures import BadContext, Unreadable
from ..client.target import variable
from . import contextfile
from .invocation import environment
from .options import connectionOptions, said
from .parameters import jsonOption
from .rendering import plain

name = click.argument("name", metavar="NAME")


@click.group(no_args_is_help=False)
def context() -> None:
    """
    Keep servers under names, with who calls them.

    They are in ~/.config/jobworker/config.toml.
    """


@context.command()
@name
@click.option("--force", is_flag=True, help="Replace one of this name.")
@connectionOptions
@jsonOption("")
def add(name: str, force: bool, wantsJSON: bool, **flags: Any) -> None:
    """
    Add a context, which says what the flags say.

    Names of files are kept as absolute ones.  If there is no current context, it
    becomes that.
    """
    if not isName(name):
        raise click.UsageError(f"{name!r} is no name for a context: {NAMING}")
    values = {
        key: given if key == "address" else tuple(_file(key, each) for each in given)
        for key, given in said(flags).flags.items()
        if given
    }
    if not values:
        raise click.UsageError("a context without a single flag is of no use")
    for address in values.get("address", ()):
        Address.parse(address)
    isCurrent = contextfile.add(_path(), name, values, force)
    if wantsJSON:
        _tell(name)
    elif isCurrent:
        click.echo(f"{name} is the current context")


@context.command()
@name
@jsonOption("")
def use(name: str, wantsJSON: bool) -> None:
    """
    Make a context the current one.
    """
    contextfile.use(_path(), name)
    if wantsJSON:
        _tell(name)
    other = environment().get(variable("context"), name)
    if other != name:
        click.echo(
            f"{variable('context')} names {other!r}, which counts before it", err=True
        )


@context.command()
@name
@jsonOption("")
def remove(name: str, wantsJSON: bool) -> None:
    """
    Remove a context.  The files that it names stay.
    """
    wasCurrent = contextfile.remove(_path(), name)
    if wantsJSON:
        click.echo(json.dumps({"name": name, "removed": True}))
    elif wasCurrent:
        click.echo("no context is the current one now")


@context.command("list")
@jsonOption(" for each context")
def list_(wantsJSON: bool) -> None:
    """
    List the contexts.  A star stands before the current one.
    """
    file = ContextFile.load(_path())
    current = _wanted(file)
    contexts = [file.context(each) for each in file.names()]
    width = max((len(each.name) for each in contexts), default=0)
    for each in contexts:
        if wantsJSON:
            click.echo(_asJSON(each, current))
            continue
        star = "*" if each.name == current else " "
        address = plain("".join(each.get("address")))
        click.echo(f"{star} {each.name:<{width}}  {address}".rstrip())


@context.command()
@click.argument("name", metavar="[NAME]", required=False)
@jsonOption("")
def show(name: str | None, wantsJSON: bool) -> None:
    """
    Print what a context says: the current one if none is named.
    """
    file = ContextFile.load(_path())
    current = _wanted(file)
    if not name and not current:
        raise BadContext(
            "no context is the current one", "name one, or 'jobworker context use' it"
        )
    found = file.context(name or current)
    if wantsJSON:
        click.echo(_asJSON(found, current))
        return
    click.echo(f"{'name:':<10}{found.name}")
    for key in KEYS:
        for value in found.get(key):
            click.echo(f"{key + ':':<10}{plain(value)}")


def _path() -> Path:
    """
    Find the file.
    """
    path = configFile(environment())
    if path is None:
        raise BadContext("there is no place for contexts", "set HOME to a directory")
    return path


def _wanted(file: ContextFile) -> str:
    """
    Name the context that counts for a command without flags.
    """
    heard = said({})
    return heard.named or heard.environment.get(variable("context")) or file.current


def _file(key: str, given: str) -> str:
    """
    Make the name of a file absolute.

    @raise Unreadable: If there is no such file.
    """
    path = os.path.abspath(os.path.expanduser(given))
    try:
        with open(path, "rb"):
            return path
    except (OSError, ValueError) as error:
        if key == "token" and (looksLikeToken(given) or not os.path.exists(path)):
            # It may be a secret, and is not repeated.
            raise BadContext(
                "a context keeps the name of a file with a token, and no token; what "
                "--token says is no file",
                APART,
            ) from None
        raise Unreadable.of(f"{KEYS[key]} {given!r}", error) from None


def _tell(name: str) -> None:
    """
    Print a context that was changed, for programs.
    """
    file = ContextFile.load(_path())
    click.echo(_asJSON(file.context(name), _wanted(file)))


def _asJSON(found: Context, current: str) -> str:
    """
    Write a context as one line of JSON.
    """
    values = {
        key: [*found.get(key)] if key == "ca" else "".join(found.get(key)) or None
        for key in KEYS
    }
    return json.dumps({"name": found.name, "current": found.name == current, **values})
