"""
The command that lists jobs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import islice

import click
from attrs import evolve

from ..client.filters import Filter
from ..client.values import JobStatus, State
from .choosing import STATES, choosing, stateOption
from .invocation import environment
from .live import LiveTable, showLive
from .options import Settings, withServer
from .parameters import TIME, CountType, jsonOption
from .rendering import asJSON
from .screen import Screen, canShow, columnsOf
from .table import table


@click.command()
@click.option(
    "-a", "--all", "everything", is_flag=True, help="Also jobs that have ended."
)
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
    "--since",
    "after",
    type=TIME,
    metavar="TIME",
    help="Jobs started since then: 2026-01-31T12:00:00Z, or 90s, 10m, 2h or 1d ago.",
)
@click.option(
    "--until",
    "before",
    type=TIME,
    metavar="TIME",
    help="Jobs started before that, written in the same way.",
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
    after: int | None,
    before: int | None,
    live: bool,
    wantsJSON: bool,
) -> None:
    """
    List jobs, the newest first.

    Those that run are listed, if nothing else is asked for.
    """
    if everything and states:
        raise click.UsageError("--all leaves no choice of --state")
    if after is not None and before is not None and after >= before:
        raise click.UsageError("--until must be later than --since")
    chosen = evolve(chosen, after=after, before=before)
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
        columns = columnsOf(sys.stdout)
        # A table needs all of its rows, but nobody needs a long one.
        jobs = list(islice(found, limit))
    for line in table(jobs, time.time_ns(), columns, sys.stdout.encoding):
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
        return table(jobs, time.time_ns(), columns, sys.stdout.encoding)

    with settings.client() as client:
        showLive(
            client.watch(wanted),
            LiveTable(frozenset(wanted.states), limit),
            write,
            lambda resized: Screen(sys.stdout, resized),
        )
