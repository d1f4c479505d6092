"""
What a supervisor tells the process that started it: that it can be used, or
why not.

It is one line, written to a pipe that is closed then.
"""

from __future__ import annotations

import os
from typing import Final

from attrs import frozen

READY: Final = b"ready"
TAKEN: Final = b"taken"
_FAILED: Final = b"failed "

# The longest line: a pipe takes that much at once.
_LONGEST: Final = 4096


@frozen
class Report:
    """
    What came of a start.

    @ivar ready: Whether it can be used.
    @ivar taken: Whether another was first.
    @ivar reason: Why it cannot be used, otherwise.
    """

    ready: bool = False
    taken: bool = False
    reason: str = ""


def write(descriptor: int | None, report: Report) -> None:
    """
    Tell whoever waits, if somebody does, and close the pipe.
    """
    if descriptor is None:
        return
    if report.ready:
        line = READY
    elif report.taken:
        line = TAKEN
    else:
        line = _FAILED + report.reason.encode("utf-8", "replace")[:_LONGEST]
    try:
        os.write(descriptor, line)
    except BrokenPipeError:
        # Nobody waits any more.
        return
    finally:
        os.close(descriptor)


def read(line: bytes) -> Report:
    """
    Understand what was told.
    """
    if line in (READY, TAKEN):
        return Report(line == READY, line == TAKEN)
    reason = line.removeprefix(_FAILED).decode("utf-8", "replace")
    return Report(reason=reason or "it ended without a word")
