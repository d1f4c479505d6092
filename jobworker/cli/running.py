"""
The command that runs a command elsewhere as if it ran here.
"""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, cast

import click
from attrs import evolve

from ..client.events import Waiting
from ..client.failures import Failure, OutputDamaged
from ..client.starter import Starter
from ..specification import Specification
from .exits import Exit
from .jobs import tell, unsure
from .objects import asObjects
from .options import Settings, withServer
from .parameters import jsonOption
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
@jsonOption(" for the start, for each line, and for the job in the end")
@specifying
@withServer
def run(
    settings: Settings,
    specification: Specification,
    words: tuple[str, ...],
    detach: bool,
    wantsJSON: bool,
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
    grace = GRACE if specification.stopGrace is None else None
    with (
        Printer.standard(wantsJSON) as printer,
        settings.frugalClient() as client,
        Steering(
            settings.client, printer.remark, printer.ask, grace
        ).heeded() as steering,
    ):
        try:
            starter = Starter(client, steering.pause)
            job = _start(starter, words, specification, printer)
            if detach:
                tell(job.identifier, specification, wantsJSON)
                return Exit.OK
            steering.started(job.identifier)
            with _running(client, job, printer):
                if wantsJSON:
                    tell(job.identifier, specification, wantsJSON)
                _follow(job, printer, steering, wantsJSON)
        except Leaving as leaving:
            return leaving.code
    return printer.code


def _start(
    starter: Starter, words: Sequence[str], wanted: Specification, printer: Printer
) -> Job:
    """
    Start the job, or say what became of it where that is not waited for.
    """
    try:
        with explained(words):
            return _started(starter.start(words, wanted), printer)
    except Leaving:
        printer.remark(unsure(wanted) if starter.perhaps else "no job was started")
        raise


def _started(starting: Generator[Waiting, None, Job], printer: Printer) -> Job:
    """
    Have the job started, and say what is waited for.
    """
    while True:
        try:
            printer.show(next(starting))
        except StopIteration as started:
            return cast("Job", started.value)


def _follow(job: Job, printer: Printer, steering: Steering, asJSON: bool) -> None:
    """
    Write what the job writes until it has ended.
    """
    with closing(job.logs()) as events:
        for event in asObjects(job.identifier, events) if asJSON else events:
            with steering.writing():
                printer.show(event)


@contextmanager
def _running(client: Client, job: Job, printer: Printer) -> Iterator[None]:
    """
    Where following a job ends before the job does, say so to it or to the user.
    """
    try:
        yield
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
