"""
What jobs of tests live through.
"""

from __future__ import annotations

from functools import reduce

from jobworker.jobs import Record, Status
from jobworker.life import CommandExited, Drained, Event, advance


def after(record: Record, *life: Event) -> Record:
    """
    Let events happen to a job, one after the other.
    """
    return reduce(advance, life, record)


def ended(record: Record, code: int = 0, at: int = 77) -> Record:
    """
    Let the command of a job exit, and the job end.

    @param at: When it has ended.
    """
    return after(record, CommandExited(Status(code=code)), Drained(at))
