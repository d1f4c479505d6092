"""
The commands that ask one thing about one job.
"""

from __future__ import annotations

import click

from ..client.values import JobStatus
from ..specification import Specification
from .exits import CannotWrite
from .options import Settings, withServer
from .parameters import NumberType, SignalType
from .rendering import asJSON, asText
from .specifying import specifying

job = click.option(
    "--job",
    "called",
    required=True,
    metavar="JOB",
    help="The id of the job, the beginning of it, or its name.",
)

asObject = click.option(
    "--json", "wantsJSON", is_flag=True, help="Print one JSON object."
)


@click.command()
@click.option("--cmd", required=True, metavar="CMD", help="The command to run.")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@withServer
@specifying
def start(
    settings: Settings,
    specification: Specification,
    cmd: str,
    args: tuple[str, ...],
) -> None:
    """
    Start a job and print its id.

    What stands behind "--" goes to the command, as it is: no shell comes
    between.
    """
    with settings.client() as client:
        identifier = client.start([cmd, *args], specification).identifier
    try:
        click.echo(identifier)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite(
            f"job {identifier} was started, but its id cannot be written to standard "
            f"output: {error.strerror}"
        ) from None


@click.command()
@job
@click.option("--force", is_flag=True, help="Kill it at once.")
@click.option(
    "--signal",
    type=SignalType(),
    metavar="NAME",
    help="The signal to ask with, instead of TERM.",
)
@click.option(
    "--grace",
    type=NumberType(0, 86400),
    metavar="SECONDS",
    help="Kill what is left of it after this time.  Without it a job that is still "
    "running after one second goes on.",
)
@asObject
@withServer
def stop(
    settings: Settings,
    called: str,
    force: bool,
    signal: int | None,
    grace: float | None,
    wantsJSON: bool,
) -> None:
    """
    End a job, wait until it is gone, and print how it ended.
    """
    if force and (signal is not None or grace is not None):
        raise click.UsageError("--force leaves no choice of --signal or --grace")
    with settings.client() as client:
        identifier = client.resolve(called)
        _print(client.stop(identifier, force, signal or 0, grace), wantsJSON)


@click.command()
@job
@asObject
@withServer
def query(settings: Settings, called: str, wantsJSON: bool) -> None:
    """
    Print what is known of a job.
    """
    with settings.client() as client:
        _print(client.query(client.resolve(called)), wantsJSON)


@click.command()
@job
@withServer
def delete(settings: Settings, called: str) -> None:
    """
    Forget a job that has ended, and remove its log.
    """
    with settings.client() as client:
        client.delete(client.resolve(called))


def _print(status: JobStatus, wantsJSON: bool) -> None:
    """
    Print a job.
    """
    click.echo(asJSON(status) if wantsJSON else asText(status))
