"""
Colours: when there are any, and which.

Nothing is told by a colour alone.
"""

from __future__ import annotations

import sys
from enum import Enum
from typing import IO

from ..client.values import JobStatus, State
from .invocation import environment
from .screen import canShow


class Colour(Enum):
    """
    What a colour says, as the number that a terminal knows it by.
    """

    GOOD = 32
    DOUBTFUL = 33
    BAD = 31
    BUSY = 36
    FAINT = 2


class Hue(Enum):
    """
    Colours that say nothing, and tell apart what stands side by side.
    """

    CYAN = 36
    YELLOW = 33
    GREEN = 32
    MAGENTA = 35
    BLUE = 34


def painted(
    text: str, colour: Colour | Hue | None, stream: IO[str] | None = None
) -> str:
    """
    Write a text in a colour, if that is wanted.

    @param stream: Where it will be written; C{None} for standard output.
    """
    if colour is None or not text or not _wanted(stream or sys.stdout):
        return text
    return f"\x1b[{colour.value}m{text}\x1b[0m"


def colourOf(status: JobStatus) -> Colour | None:
    """
    Choose the colour for the state of a job.
    """
    match status.state:
        case State.RUNNING:
            return Colour.BUSY
        case State.EXITED if status.exitCode == 0:
            return Colour.GOOD
        case State.EXITED | State.LOST:
            return Colour.BAD
        case State.STOPPED:
            return Colour.DOUBTFUL
    return None


def _wanted(stream: IO[str]) -> bool:
    """
    Say whether colours are wanted: on a terminal that knows them, and where
    the user has not forbidden them (https://no-color.org).
    """
    return not environment().get("NO_COLOR") and canShow(stream, environment())
