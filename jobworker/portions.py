"""
How much is given at a time of what is about many jobs.

A message with it must not become too long for who gets it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from .conditions import Conditions
from .jobs import Record
from .specification import NOTHING, Specification

#: The most jobs, or changes of jobs, that are given at a time.
MOST: Final = 1000

#: About how many characters of command lines are given at a time.
ROOM: Final = 2**18

_T = TypeVar("_T")


def portion(
    items: Iterable[_T], weigh: Callable[[_T], int], limit: int
) -> tuple[tuple[_T, ...], bool]:
    """
    Take as many of some items as can be given at a time, and one in any case.

    @param items: No more are taken of them than are needed.

    @param weigh: Says about how many characters an item takes.

    @param limit: How many are wanted at most.

    @return: Those, and whether there are others behind them.
    """
    taken: list[_T] = []
    room = ROOM
    for item in items:
        room -= weigh(item)
        if len(taken) >= min(limit, MOST) or (taken and room < 0):
            return tuple(taken), True
        taken.append(item)
    return tuple(taken), False


def weigh(record: Record) -> int:
    """
    Say about how many characters a job takes.
    """
    command = record.command
    said = sum(map(len, command.arguments), len(command.program) + len(record.owner))
    asked = _size(command.specification)
    return said + 8 * len(command.arguments) + asked + _found(record.conditions)


def _size(wanted: Specification) -> int:
    """
    Say about how many characters a specification has.
    """
    if wanted == NOTHING:
        return 0
    texts = [*wanted.environment, *wanted.labels]
    named = len(wanted.directory) + len(wanted.name) + len(wanted.key)
    return 200 + named + sum(len(name) + len(value or "") for name, value in texts)


def _found(conditions: Conditions | None) -> int:
    """
    Say about how many characters it takes to say what was in force.
    """
    if conditions is None:
        return 0
    return sum(map(len, conditions.variables), len(conditions.directory))
