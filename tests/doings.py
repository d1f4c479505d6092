"""
What commands of tests do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from jobworker.jobs import Command


class Doing(Enum):
    """
    What a command does.

    @cvar SUCCEEDS: Exits with 0 at once.
    @cvar FAILS: Exits with 3 at once.
    @cvar KILLS_ITSELF: Ends by SIGKILL at once.
    @cvar LEAVES_CHILD: Exits with 3 at once; a child of it sleeps on.
    @cvar SLEEPS: Runs for a minute, writes nothing, and ends by any signal.
    @cvar WRITES: Runs, writes again and again, and ends by any signal.
    @cvar IGNORES: The same, but ignores SIGTERM once it writes.
    @cvar OBEYS: The same, but exits with 5 on SIGTERM once it writes.
    @cvar CANNOT: Is no program.
    """

    SUCCEEDS = "succeeds"
    FAILS = "fails"
    KILLS_ITSELF = "kills itself"
    LEAVES_CHILD = "leaves a child"
    SLEEPS = "sleeps"
    WRITES = "writes"
    IGNORES = "ignores SIGTERM"
    OBEYS = "obeys SIGTERM"
    CANNOT = "cannot be started"


def _shell(script: str) -> Command:
    return Command("sh", ("-c", script))


_WRITING: Final = "while :; do echo ready; sleep 0.1; done"

COMMANDS: Final[Mapping[Doing, Command]] = {
    Doing.SUCCEEDS: Command("true"),
    Doing.FAILS: _shell("exit 3"),
    Doing.KILLS_ITSELF: _shell("kill -9 $$"),
    Doing.LEAVES_CHILD: _shell("sleep 60 & exit 3"),
    Doing.SLEEPS: Command("sleep", ("60",)),
    Doing.WRITES: _shell(_WRITING),
    Doing.IGNORES: _shell(f"trap '' TERM; {_WRITING}"),
    Doing.OBEYS: _shell(f"trap 'exit 5' TERM; {_WRITING}"),
    Doing.CANNOT: Command("/nonexistent/program", ("-x",)),
}
