"""
The command that writes what a job writes, and ends as it ended.
"""

from __future__ import annotations

import click

from .choosing import job, resolved
from .options import Settings, withServer
from .printing import Printer


@click.command()
@job
@withServer
def stream(settings: Settings, called: tuple[str, ...]) -> int:
    """
    Write what a job has written and goes on to write.

    Its standard output goes to standard output and its standard error to
    standard error, exact to the byte.  The command ends with the job, and with
    its code.  When the connection is lost it is made again, and nothing is
    lost or written twice.
    """
    printer = Printer.standard()
    with settings.frugalClient() as client:
        (identifier,) = resolved(client, called)
        for event in client.readLog(identifier):
            printer.show(event)
    return printer.code
