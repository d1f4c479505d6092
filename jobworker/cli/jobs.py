"""
The commands that start jobs, and ask one thing about those that there are.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable

import click

from ..client.values import JobStatus
from ..specification import Specification
from .choosing import jobs, several
from .doing import doing
from .exits import CannotWrite
from .invocation import programName
from .options import Settings, withServer
from .parameters import SIGNAL, SpanType, jsonOption
from .printing import remark
from .rendering import asJSON, asObject, asText
from .specifying import explained, specifying


@click.command()
@click.option("--cmd", required=True, metavar="CMD", help="The command to run.")
@click.argument("args", nargs=-1, type=click.UNPROCESSED, metavar="[-- ARGS…]")
@jsonOption("")
@specifying
@withServer
def start(
    settings: Settings,
    specification: Specification,
    cmd: str,
    args: tuple[str, ...],
    wantsJSON: bool,
) -> None:
    """
    Start a job and print its id.

    What stands behind "--" goes to the command, as it is: no shell comes
    between.
    """
    with settings.client() as client:
        words = [cmd, *args]
        try:
            with explained(words):
                identifier = client.start(words, specification).identifier
        except KeyboardInterrupt:
            remark(unsure(specification))
            raise
    tell(identifier, specification, wantsJSON)


def unsure(wanted: Specification) -> str:
    """
    Say what became of a start whose answer was not waited for.
    """
    name = f" --name {shlex.quote(wanted.name)}" if wanted.name else ""
    command = f"{programName()} ps --all{name}"
    return f"the job may have been started all the same; see '{command}'"


def tell(identifier: str, specification: Specification, wantsJSON: bool) -> None:
    """
    Print the id of a job that was started, for programs its name too.

    @raise CannotWrite: If that is not possible.
    """
    about = {"id": identifier, "name": specification.name or None}
    try:
        click.echo(json.dumps(about) if wantsJSON else identifier)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CannotWrite(
            f"job {identifier} was started, but its id cannot be written to standard "
            f"output: {error.strerror}"
        ) from None


@click.command()
@jobs
@click.option("--force", is_flag=True, help="Kill them at once.")
@click.option(
    "-s",
    "--signal",
    type=SIGNAL,
    metavar="NAME",
    help="The signal to ask with, instead of TERM.",
)
@click.option(
    "-t",
    "--grace",
    type=SpanType(0, 86400),
    metavar="SECONDS",
    help="Kill what is left of a job after this time.  Without it a job that is still "
    "running after one second goes on.",
)
@jsonOption(" for each job")
@withServer
def stop(
    settings: Settings,
    called: tuple[str, ...],
    force: bool,
    signal: int | None,
    grace: float | None,
    wantsJSON: bool,
) -> int:
    """
    End jobs, wait until each is gone, and print how it ended.

    One is ended after the other.
    """
    if force and (signal is not None or grace is not None):
        raise click.UsageError("--force leaves no choice of --signal or --grace")
    with settings.client() as client:
        shown = _shown(
            lambda each: client.stop(each, force, signal or 0, grace), wantsJSON
        )
        return doing(client, called, shown)


@click.command()
@jobs
@jsonOption(" for each job")
@withServer
def query(settings: Settings, called: tuple[str, ...], wantsJSON: bool) -> int:
    """
    Print what is known of jobs.
    """
    with settings.client() as client:
        return doing(client, called, _shown(client.query, wantsJSON))


@click.command()
@jobs
@jsonOption(" for each job")
@withServer
def delete(settings: Settings, called: tuple[str, ...], wantsJSON: bool) -> int:
    """
    Forget jobs that have ended, and remove their logs.
    """
    with settings.client() as client:

        def forget(identifier: str) -> None:
            client.delete(identifier)
            if wantsJSON:
                click.echo(json.dumps({"id": identifier, "deleted": True}))

        return doing(client, called, forget)


@click.command()
@several
@jsonOption(" for each job")
@withServer
def inspect(settings: Settings, called: tuple[str, ...], wantsJSON: bool) -> int:
    """
    Print everything that is known of jobs, as JSON.

    It is written for people, in many lines; with --json there is one line for
    each job.
    """
    with settings.client() as client:

        def show(identifier: str) -> None:
            status = client.query(identifier)
            click.echo(
                asJSON(status) if wantsJSON else json.dumps(asObject(status), indent=2)
            )

        return doing(client, called, show)


def _shown(ask: Callable[[str], JobStatus], wantsJSON: bool) -> Callable[[str], None]:
    """
    Print what is answered for a job, with an empty line between two.
    """
    separator = ""

    def show(identifier: str) -> None:
        nonlocal separator
        status = ask(identifier)
        click.echo(asJSON(status) if wantsJSON else separator + asText(status))
        separator = "\n"

    return show
