"""
The command that signals jobs.
"""

from __future__ import annotations

from signal import SIGTERM

import click

from .choosing import several
from .doing import doing
from .options import Settings, withServer
from .parameters import SIGNAL, jsonOption
from .rendering import asJSON


@click.command()
@several
@click.option(
    "-s",
    "--signal",
    type=SIGNAL,
    default=SIGTERM.value,
    metavar="NAME",
    help="The signal, instead of TERM.",
)
@jsonOption(" for each job")
@withServer
def kill(
    settings: Settings, called: tuple[str, ...], signal: int, wantsJSON: bool
) -> int:
    """
    Send a signal to jobs, and wait for nothing.

    It goes to the process group of each.  What a job makes of it is its own affair:
    to end one for sure, stop it.
    """
    with settings.client() as client:

        def send(identifier: str) -> None:
            status = client.signal(identifier, signal)
            if wantsJSON:
                click.echo(asJSON(status))

        return doing(client, called, send)
