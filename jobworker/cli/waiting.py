"""
The command that waits for jobs, and ends as they ended.
"""

from __future__ import annotations

import click

from ..client.values import JobStatus
from .choosing import resolved, several
from .exits import Exit, besideJobs, ofJob
from .options import Settings, withServer
from .parameters import SpanType, jsonOption
from .rendering import asJSON


@click.command()
@several
@click.option(
    "--timeout",
    type=SpanType(0, 10**9),
    metavar="SECONDS",
    help="Wait so long for each of them, and not longer.",
)
@jsonOption(" for each job")
@withServer
def wait(
    settings: Settings,
    called: tuple[str, ...],
    timeout: float | None,
    wantsJSON: bool,
) -> int:
    """
    Wait for jobs to end.

    The command ends with the code of the job.  With more than one it ends with
    0 if all of them did, and otherwise with 1.  When the connection is lost it
    is made again.
    """
    codes = []
    with settings.client() as client:
        whole = resolved(client, called)
        if len(whole) > 1:
            # Nobody waits for one job to hear then that there is no other.
            for identifier in whole:
                client.query(identifier)
        for identifier in whole:
            status = client.wait(identifier, timeout)
            if wantsJSON:
                click.echo(asJSON(status))
            codes.append(_codeOf(status))
    return codes[0] if len(codes) == 1 else int(any(codes))


def _codeOf(status: JobStatus) -> int:
    """
    Say with which code a job ended.
    """
    code = ofJob(status.exitCode, status.signal)
    return besideJobs(Exit.LOST) if code is None else code
