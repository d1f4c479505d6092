"""
The command that lists jobs.
"""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Sequence
from itertools import islice, pairwise
from typing import Final
from unicodedata import combining, east_asian_width

import click
from attrs import evolve

from ..client.filters import Filter
from ..client.values import JobStatus, State
from .choosing import STATES, choosing, stateOption
from .colours import colourOf, painted
from .invocation import environment
from .live import LiveTable, showLive
from .options import Settings, withServer
from .parameters import CountType, jsonOption
from .rendering import asJSON, plain, stateOf
from .screen import Screen, canShow

# Seconds, and the unit that ages below so many of them are written in.
_UNITS: Final = ((120, 1, "s"), (7200, 60, "m"), (172_800, 3600, "h"))

_DAY: Final = 86_400

_HEADINGS: Final = ("ID", "OWNER", "STATE", "STARTED", "COMMAND")

# The most columns that an owner gets on a terminal.
_OWNER: Final = 20


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also jobs that have ended.")
@stateOption(
    "Jobs in this state, instead of those that run; may be given more than once."
)
@choosing
@click.option(
    "--limit",
    type=CountType(1),
    metavar="N",
    help="The newest so many of them only.",
)
@click.option(
    "--watch",
    "live",
    is_flag=True,
    help="Show on the terminal what happens to them, until Ctrl-C.",
)
@jsonOption(" for each job")
@withServer
def ps(
    settings: Settings,
    everything: bool,
    states: tuple[str, ...],
    chosen: Filter,
    limit: int | None,
    live: bool,
    wantsJSON: bool,
) -> None:
    """
    List jobs, the newest first: those that run, if nothing else is asked for.
    """
    if everything and states:
        raise click.UsageError("--all leaves no choice of --state")
    named = [State(each) for each in states] or [State.RUNNING]
    if live:
        if wantsJSON:
            raise click.UsageError("'jobworker events --json' goes with programs")
        _watch(settings, evolve(chosen, states=STATES if everything else named), limit)
        return
    with settings.client() as client:
        wanted = evolve(chosen, states=() if everything else named)
        found = client.jobs(wanted, limit=limit)
        if wantsJSON:
            for status in found:
                click.echo(asJSON(status))
            return
        columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        # A table needs all of its rows, but nobody needs a long one.
        jobs = list(islice(found, limit))
    for line in table(jobs, time.time_ns(), columns):
        click.echo(line)


def _watch(settings: Settings, wanted: Filter, limit: int | None) -> None:
    """
    Show a table of jobs that changes as they do.
    """
    if not canShow(sys.stdout, environment()):
        raise click.UsageError(
            "--watch needs a terminal; 'jobworker events' writes changes anywhere"
        )

    def write(jobs: Sequence[JobStatus], columns: int) -> list[str]:
        return table(jobs, time.time_ns(), columns)

    with settings.client() as client:
        showLive(
            client.watch(wanted),
            LiveTable(frozenset(wanted.states), limit),
            write,
            lambda resized: Screen(sys.stdout, resized),
        )


def table(jobs: Sequence[JobStatus], now: int, columns: int | None) -> list[str]:
    """
    Write jobs as a table.

    @param now: Nanoseconds since the epoch.

    @param columns: How wide it may be.  C{None}: as wide as it must be for
        everything to be written out.
    """
    length = 36 if columns is None else enough([job.identifier for job in jobs])
    rows = [_HEADINGS] + [
        (
            job.identifier[:length],
            plain(job.owner) if columns is None else _cut(plain(job.owner), _OWNER),
            stateOf(job),
            "" if job.started is None else f"{_age(now - job.started)} ago",
            plain(shlex.join([job.program, *job.arguments])),
        )
        for job in jobs
    ]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, job in zip(rows, [None, *jobs], strict=True):
        cells = [
            cell + " " * (width + 2 - _width(cell))
            for cell, width in zip(row[:-1], widths, strict=False)
        ]
        line = "".join([*cells, row[-1]])
        line = line if columns is None else _cut(line, columns)
        lines.append(_coloured(line, len("".join(cells[:2])), row[2], job))
    return lines


def _coloured(line: str, begin: int, state: str, job: JobStatus | None) -> str:
    """
    Show the state of a job in its colour.

    @param begin: Where that stands in the line.
    """
    if job is None or line[begin : begin + len(state)] != state:
        return line
    colour = painted(state, colourOf(job))
    return line[:begin] + colour + line[begin + len(state) :]


def enough(identifiers: Sequence[str]) -> int:
    """
    Say how many characters tell identifiers apart: eight at least.
    """
    ordered = sorted(identifiers)
    for length in range(8, 36):
        if all(one[:length] != other[:length] for one, other in pairwise(ordered)):
            return length
    return 36


def _age(nanoseconds: int) -> str:
    """
    Write a time span in the unit that fits.
    """
    seconds = max(nanoseconds // 1_000_000_000, 0)
    for below, unit, name in _UNITS:
        if seconds < below:
            return f"{seconds // unit}{name}"
    return f"{seconds // _DAY}d"


def _width(text: str) -> int:
    """
    Say how many columns of a terminal a text takes.
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )


def _cut(text: str, columns: int) -> str:
    """
    Make a text fit, and show where something is left out.
    """
    if _width(text) <= columns:
        return text
    kept, left = [], columns - 1
    for each in text:
        left -= _width(each)
        if left < 0:
            break
        kept.append(each)
    return "".join(kept) + "…"
