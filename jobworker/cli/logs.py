"""
The command that writes what jobs have written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import click
from attrs import frozen

from ..client.events import Event
from ..jobs import Source
from .choosing import resolved, several
from .exits import Exit
from .gathering import atOnce, inTurn
from .lines import Lines, Writer, led, since, timed
from .objects import asObjects
from .options import Settings, withServer
from .parameters import TIME, CountType, jsonOption
from .sink import Sink, labelled
from .times import asTime

if TYPE_CHECKING:
    from ..client.client import Client

_SOURCES: Final = {"stdout": Source.STDOUT, "stderr": Source.STDERR}

#: As many lines as can be asked for, which are more than a log has.
_ALL: Final = 2**62

#: What stands before each line that a source has.
_Labels = Mapping[Source, bytes]


@frozen
class Wanted:
    """
    What is wanted of logs, and how.

    @ivar since: Nanoseconds since the epoch.
    """

    sources: Sequence[Source]
    follow: bool
    last: int | None
    since: int | None
    timestamps: bool
    asJSON: bool

    def read(
        self, client: Client, identifier: str, labels: _Labels | None
    ) -> Iterator[Event]:
        """
        Read one log.

        @param labels: What to write before its lines; C{None}: nothing, so that
            they need not be lines.
        """
        events: Iterator[Event] = client.readLog(
            identifier, follow=self.follow, sources=self.sources, last=self.last
        )
        if self.timestamps or self.since is not None:
            events = timed(events)
        if self.since is not None:
            events = since(events, self.since)
        if self.asJSON:
            return asObjects(identifier, events)
        if self.timestamps or labels is not None:
            return Lines(partial(self._lead, labels or {})).of(events)
        return events

    def _lead(self, labels: _Labels, source: Source, time: int) -> Writer:
        """
        Write a line for people.
        """
        stamp = f"{asTime(time)} ".encode() if self.timestamps else b""
        return led(labels.get(source, b"") + stamp)


@click.command()
@several
@click.option(
    "-f", "--follow", is_flag=True, help="Go on with what they write until they end."
)
@click.option(
    "-n",
    "--lines",
    "last",
    type=CountType(0),
    metavar="N",
    help="Only the last so many lines of what each has written.",
)
@click.option(
    "--since",
    "begin",
    type=TIME,
    metavar="TIME",
    help="Only lines since then: 2026-01-31T12:00:00Z, or 90s, 10m, 2h or 1d ago.",
)
@click.option(
    "--timestamps", is_flag=True, help="Write before each line when it began."
)
@click.option(
    "--source", type=click.Choice([*_SOURCES]), help="Only what they wrote there."
)
@click.option(
    "-o",
    "--output",
    "path",
    metavar="FILE",
    help="Write everything to this file, which must not exist.",
)
@jsonOption(" for each line")
@withServer
def logs(
    settings: Settings,
    called: tuple[str, ...],
    follow: bool,
    last: int | None,
    begin: int | None,
    timestamps: bool,
    source: str | None,
    path: str | None,
    wantsJSON: bool,
) -> int:
    """
    Write what jobs have written.

    What one job wrote to its standard output and its standard error goes there,
    exact to the byte.  With more than one job, each line says whose it is.  When the
    connection is lost it is made again, and nothing is lost or written twice.
    """
    if wantsJSON and timestamps:
        raise click.UsageError("--json has the times that --timestamps writes")
    sources = [_SOURCES[source]] if source else [Source.STDOUT, Source.STDERR]
    if last is not None:
        last = min(last, _ALL)
    wanted = Wanted(sources, follow, last, begin, timestamps, wantsJSON)
    together = follow and len(called) > 1
    with settings.client() if together else settings.frugalClient() as client:
        jobs = resolved(client, called)
        if len(jobs) > 1 or path is not None:
            # Before anything is written it is known that there are such jobs.
            found = [client.query(each) for each in jobs]
        with Sink.opened(path, wantsJSON) as sink:
            if len(jobs) == 1:
                sink.writeOne(wanted.read(client, jobs[0], None))
                return Exit.OK
            readings = {
                name: wanted.read(client, job, sink.labels(text, hue))
                for job, name, text, hue in labelled(found)
            }
            return sink.writeAll((atOnce if together else inTurn)(readings))
