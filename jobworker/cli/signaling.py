"""
The command that signals jobs.
"""

from __future__ import annotations

from signal import SIGTERM

import click

from .options import Settings, withServer
from .parameters import SignalType
from .waiting import several


@click.command()
@several
@click.option(
    "-s",
    "--signal",
    type=SignalType(),
    default=SIGTERM.value,
    metavar="NAME",
    help="The signal, instead of TERM.",
)
@withServer
def kill(settings: Settings, called: tuple[str, ...], signal: int) -> None:
    """
    Send a signal to the process groups of jobs, and wait for nothing.

    What a job makes of it is its own affair: to end one for sure, stop it.
    """
    with settings.client() as client:
        for identifier in [client.resolve(each) for each in called]:
            client.signal(identifier, signal)
