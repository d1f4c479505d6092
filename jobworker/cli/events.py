"""
The command that writes what happens to jobs.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import closing
from itertools import islice

import click
from attrs import evolve

from ..client.events import Waiting
from ..client.filters import Filter
from ..client.happenings import Changed, ChangeKind, Happening
from ..client.values import State
from .choosing import choosing, stateOption
from .colours import Colour, colourOf, painted
from .options import Settings, withServer
from .parameters import CountType, jsonOption
from .printing import inWords, remark
from .rendering import asObject, plain, stateOf
from .times import asTime

_COLOURS = {ChangeKind.STARTED: Colour.BUSY, ChangeKind.DELETED: Colour.FAINT}


@click.command()
@click.option(
    "--since",
    default="",
    metavar="TOKEN",
    help="Begin behind this token, which --json has shown, and not now.",
)
@stateOption("Jobs that come into this state or leave it; may be given more than once.")
@choosing
@click.option(
    "--limit", type=CountType(1), metavar="N", help="End after so many changes."
)
@jsonOption(" for each change")
@withServer
def events(
    settings: Settings,
    since: str,
    states: tuple[str, ...],
    chosen: Filter,
    limit: int | None,
    wantsJSON: bool,
) -> None:
    """
    Write what happens to jobs from now on, until Ctrl-C.

    Each change is a line.  None is left out and none comes twice, whatever happens to
    connections.
    """
    wanted = evolve(chosen, states=[State(each) for each in states])
    with settings.client() as client:
        watching = client.watch(wanted, since=since, present=False)
        with closing(watching):
            for change in islice(_changes(watching), limit):
                click.echo(asJSON(change) if wantsJSON else asText(change))


def asJSON(change: Changed) -> str:
    """
    Write a change as one line of JSON.
    """
    return json.dumps(
        {
            "revision": change.revision,
            "kind": change.kind.value,
            "time": asTime(change.time),
            "job": asObject(change.status),
            "token": change.token,
        }
    )


def asText(change: Changed) -> str:
    """
    Write a change as a line for people.
    """
    status = change.status
    words = [status.program, *status.arguments]
    colour = _COLOURS.get(change.kind)
    return "  ".join(
        [
            str(asTime(change.time)),
            painted(f"{change.kind.value:<7}", colour),
            status.identifier,
            plain(status.owner),
            painted(stateOf(status), colourOf(status)),
            plain(shlex.join(words)),
        ]
    )


def _changes(watching: Iterator[Happening]) -> Iterator[Changed]:
    """
    Take what is a change, and say of what is not if it matters.
    """
    for each in watching:
        if isinstance(each, Changed):
            yield each
        elif isinstance(each, Waiting):
            remark(inWords(each))
