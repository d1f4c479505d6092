"""
What one side of the socket can do that the version of the protocol does not
imply: it says so when it greets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from ..jobs import Command
from ..queries import Query
from ..specification import NOTHING


@frozen
class Ability:
    """
    Something that one side may be too old for.

    @ivar name: What it is called in greetings.
    @ivar what: What it is, in words: it can do that.
    """

    name: str
    what: str


#: Abilities of supervisors.
SPECIFYING: Final = Ability(
    "specification", "give a job what it asks for beside its command"
)
BECOMING: Final = Ability("users", "start a job as another user")
SIGNALING: Final = Ability("signal", "signal jobs")
SEARCHING: Final = Ability("search", "list jobs")
FILTERING: Final = Ability("filters", "find jobs by label or name")
JOURNALING: Final = Ability("changes", "tell of changes")
DESCRIBING: Final = Ability("describe", "say what it can be relied upon for")
MEASURING: Final = Ability("measure", "count jobs")

#: An ability of gateways.
FORGETTING: Final = Ability("forgetting", "hear of jobs that were deleted")

#: What this package can do.
OURS: Final = frozenset(
    {
        SPECIFYING,
        BECOMING,
        SIGNALING,
        SEARCHING,
        FILTERING,
        JOURNALING,
        DESCRIBING,
        MEASURING,
        FORGETTING,
    }
)


def neededToStart(command: Command) -> Sequence[Ability]:
    """
    Find what a supervisor must be able to do for a job to get all that it asks
    for.
    """
    wanted = command.specification
    if wanted == NOTHING:
        return ()
    return (SPECIFYING, BECOMING) if wanted.user else (SPECIFYING,)


def neededToSearch(query: Query) -> Sequence[Ability]:
    """
    Find what a supervisor must be able to do to find what is wanted.
    """
    if query.labels or query.name is not None:
        return (FILTERING,)
    return (SEARCHING,)
