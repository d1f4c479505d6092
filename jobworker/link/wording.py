"""
What a gateway is told of jobs: in words that it understands, and without what
it need not know.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from ..changes import Changes
from ..jobs import Cause, Record
from ..queries import Page
from .abilities import BECOMING, SPECIFYING
from .answering import Result
from .greeting import Greeting

# Causes that came with specifications.
_NEWS: Final = {Cause.TIMED_OUT, Cause.IDLE}


def wordRecord(record: Record, theirs: Greeting | None) -> Record:
    """
    Put a record into words for a gateway.

    @param theirs: What it has said of itself, if it has.
    """
    command = record.command
    wanted = command.specification
    if wanted.environment:
        command = evolve(command, specification=wanted.public())
        record = evolve(record, command=command)
    if theirs is None or not theirs.can(SPECIFYING):
        return _withoutNews(record)
    if not theirs.can(BECOMING):
        return _withoutUser(record)
    return record


def word(result: Result, theirs: Greeting | None) -> Result:
    """
    Do the same to whatever comes of a request.
    """
    if isinstance(result, Record):
        return wordRecord(result, theirs)
    if isinstance(result, Page):
        told = tuple(wordRecord(record, theirs) for record in result.records)
        return Page(told, result.more)
    if isinstance(result, Changes):
        changes = tuple(
            evolve(change, record=wordRecord(change.record, theirs))
            for change in result.changes
        )
        return evolve(result, changes=changes)
    return result


def _withoutNews(record: Record) -> Record:
    """
    Put a record into the words of gateways that know no specifications.
    """
    record = _withoutUser(record)
    stop, ending = record.stop, record.ending
    if stop is not None and stop.cause in _NEWS:
        stop = evolve(stop, cause=Cause.STOPPED)
    if ending is not None and ending.cause in _NEWS:
        ending = evolve(ending, cause=Cause.STOPPED)
    return evolve(record, stop=stop, ending=ending)


def _withoutUser(record: Record) -> Record:
    """
    Leave out of a record what gateways do not understand that know no users of
    jobs.
    """
    wanted = record.command.specification
    if not (wanted.user or wanted.group):
        return record
    wanted = evolve(wanted, user="", group="")
    return evolve(record, command=evolve(record.command, specification=wanted))
