"""
The commands that make certificates.
"""

from __future__ import annotations

import json

import click

from .parameters import jsonOption


@click.group(no_args_is_help=False)
def certs() -> None:
    """
    Make certificates.
    """


@certs.command()
@click.argument("directory", metavar="DIR")
@click.option(
    "--bad", is_flag=True, help="Make, in DIR/bad, what everybody must refuse, too."
)
@click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="A name or address of the server, beside those of the local host; may be "
    "given more than once.",
)
@click.option(
    "--user",
    "users",
    metavar="NAME",
    multiple=True,
    help="A user to make a certificate for, instead of alice and bob; may be given "
    "more than once.",
)
@jsonOption(" for each file")
def init(
    directory: str,
    bad: bool,
    hosts: tuple[str, ...],
    users: tuple[str, ...],
    wantsJSON: bool,
) -> None:
    """
    Make authorities, certificates and the keys of tokens.

    Prints the names of the files made.  None is ever overwritten.
    """
    from ..tls.authority import initialise

    for path in initialise(directory, users or ("alice", "bob"), bad, hosts):
        click.echo(json.dumps({"file": path}) if wantsJSON else path)
