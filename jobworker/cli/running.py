"""
The command that runs a command elsewhere as if it ran here.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, cast

import click
from attrs import evolve

from ..client.events import Waiting
from ..client.failures import Failure, OutputDamaged
from ..client.starter import Starter
from ..specification import Specification
from .jobs import tell
from .options import Settings, withServer
from .printing import Printer
from .specifying import explained, specifying
from .stdin import passed
from .steering import GRACE, Leaving, Steering

if TYPE_CHECKING:
    from ..client.client import Client
    from ..client.job import Job


@click.command(context_settings={"allow_interspersed_args": False})
@click.option("-d", "--detach", is_flag=True, help="Print the id of the job and leave.")
@click.argument(
    "words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- CMD [ARGS]…"
)
@specifying
@withServer
def run(
    settings: Settings,
    specification: Specification,
    words: tuple[str, ...],
    detach: bool,
) -> int:
    """
    Run a command as a job, and be as if it ran here.

    What it writes is written here, exact to the byte, and this ends with its
    code.  What is on standard input is passed to it where that is a pipe or a
    file of at most 64 KiB.  Ctrl-C interrupts the job; another offers to kill it
    or to leave it alone.  SIGTERM ends it.
    """
    if click.get_current_context().params["stdin"] is None:
        specification = evolve(specification, input=passed())
    printer = Printer.standard()
    grace = GRACE if specification.stopGrace is None else None
    steering = Steering(settings.client, printer.remark, grace)
    with settings.frugalClient() as client, steering.heeded():
        starter = Starter(client, steering.pause)
        try:
            with explained(words):
                job = _started(starter.start(words, specification), printer)
        except Leaving as leaving:
            if starter.perhaps:
                printer.remark("the job may have been started all the same")
            return leaving.code
        if detach:
            tell(job.identifier)
            return 0
        steering.started(job.identifier)
        try:
            _follow(client, job, printer, steering)
        except Leaving as leaving:
            return leaving.code
    return printer.code


def _started(starting: Generator[Waiting, None, Job], printer: Printer) -> Job:
    """
    Start the job, and say what is waited for.
    """
    while True:
        try:
            printer.show(next(starting))
        except StopIteration as started:
            return cast("Job", started.value)


def _follow(client: Client, job: Job, printer: Printer, steering: Steering) -> None:
    """
    Write what the job writes until it has ended.
    """
    try:
        with closing(client.readLog(job.identifier)) as events:
            for event in events:
                with steering.writing():
                    printer.show(event)
    except BrokenPipeError:
        # It would have got this here.
        with suppress(Failure):
            client.signal(job.identifier, signal.SIGPIPE)
        raise
    except OutputDamaged:
        raise
    except (Failure, OSError):
        with suppress(OSError):
            printer.remark(f"job {job.identifier} may still run")
        raise
