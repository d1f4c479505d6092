"""
What happens to jobs, in the order in which it was put on disk.

Each change has a revision, one more than the change before it, whatever job
that was of.  Who knows the journal and the revision of the last change that he
has read, can go on behind it at any time, for as long as the changes from
there on are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Final

from attrs import evolve, frozen

from .errors import PlaceLost
from .jobs import Phase, Record
from .portions import portion, weigh

#: The changes that are kept, if nothing else is said.
KEPT: Final = 100_000

# Characters of arguments that are kept of a job that was deleted.
_REMAINING: Final = 4096


class Kind(Enum):
    """
    What happened to a job.

    @cvar CHANGED: Something between its start and its end.
    """

    STARTED = "started"
    CHANGED = "changed"
    ENDED = "ended"
    DELETED = "deleted"


@frozen
class JournalPlace:
    """
    How far somebody has read.

    @ivar journal: What tells the journal apart from all others: 32 hexadecimal
        digits.
    @ivar revision: That of the last change that was read; 0 for none.
    """

    journal: str
    revision: int


@frozen
class Change:
    """
    Something that happened to a job.

    @ivar at: When it was put on disk: nanoseconds since the epoch.
    @ivar record: The job after that, or before it was deleted.
    """

    revision: int
    kind: Kind
    at: int
    record: Record


@frozen
class Changes:
    """
    Changes that follow each other.

    @ivar place: That behind the last of them.
    @ivar more: Whether there are others behind it.
    """

    place: JournalPlace
    changes: tuple[Change, ...] = ()
    more: bool = False


def kindOf(record: Record) -> Kind:
    """
    Say what has happened to a job that was started before.
    """
    return Kind.ENDED if record.phase is Phase.ENDED else Kind.CHANGED


def remains(record: Record) -> Record:
    """
    Leave out of a job that is deleted what nobody may keep then: the values of
    variables, and very long arguments.
    """
    kept, room = [], _REMAINING
    for argument in record.command.arguments:
        room -= len(argument)
        if room < 0:
            break
        kept.append(argument)
    wanted = record.command.specification.public()
    command = evolve(
        record.command,
        program=record.command.program[:_REMAINING],
        arguments=tuple(kept),
        specification=wanted,
    )
    return evolve(record, command=command)


def take(since: JournalPlace, changes: Iterable[Change], limit: int) -> Changes:
    """
    Take as many changes as can be given at a time.

    @param changes: Those behind the place, in order.
    """
    taken, more = portion(changes, lambda change: weigh(change.record), limit)
    place = evolve(since, revision=taken[-1].revision) if taken else since
    return Changes(place, taken, more)


def requireKept(since: JournalPlace, last: JournalPlace, first: int) -> None:
    """
    Go on only if everything behind a place is there.

    @param last: Where the journal ends.

    @param first: The revision of the first change that is kept, or would be
        the next if there is none.

    @raise PlaceLost: If not.
    """
    if since.journal != last.journal:
        raise PlaceLost("it is of another job table")
    if since.revision < first - 1:
        raise PlaceLost(
            f"what happened since is not kept any more: it is behind change "
            f"{since.revision}, and the first that is kept is {first}"
        )
    if since.revision > last.revision:
        raise PlaceLost(
            f"it is behind change {since.revision}, and the last there is is "
            f"{last.revision}"
        )
