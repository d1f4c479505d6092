"""
The command that writes what a job writes, and ends as it ended.
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from ..client.events import Event
from .choosing import job, resolved
from .objects import asObjects
from .options import Settings, withServer
from .parameters import jsonOption
from .printing import Printer


@click.command()
@job
@jsonOption(" for each line, and one for the job in the end")
@withServer
def stream(settings: Settings, called: tuple[str, ...], wantsJSON: bool) -> int:
    """
    Write what a job has written and goes on to write.

    Its standard output goes to standard output and its standard error to
    standard error, exact to the byte.  The command ends with the job, and with
    its code.  When the connection is lost it is made again, and nothing is
    lost or written twice.
    """
    with Printer.standard(wantsJSON) as printer, settings.frugalClient() as client:
        (identifier,) = resolved(client, called)
        events: Iterator[Event] = client.readLog(identifier)
        for event in asObjects(identifier, events) if wantsJSON else events:
            printer.show(event)
    return printer.code
