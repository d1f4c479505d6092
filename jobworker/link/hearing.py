"""
What a gateway makes of answers, and of there being none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from twisted.internet.defer import Deferred

from ..errors import RosterUnreachable
from ..jobs import Record
from ..life import Lost, advance
from .answering import Result
from .calling import ConnectionBroken, TooBusy
from .failing import SupervisorFailed

_T = TypeVar("_T")

# Why nobody will know how a job ended.
_VANISHED: Final = "it has ended and was deleted while the supervisor was out of reach"


async def hear(answer: Deferred[Result], done: str) -> Result:
    """
    Wait for an answer, and say in our words why there is none.

    @param done: What may have happened to the job though no answer came.
    """
    try:
        return await answer
    except TooBusy:
        raise RosterUnreachable("it has too much to do") from None
    except ConnectionBroken:
        raise RosterUnreachable(
            "the connection broke before it answered"
            + (f"; it is not known whether the job was {done}" if done else "")
        ) from None


def insist(kind: type[_T]) -> Callable[[object], _T]:
    """
    Make a function that takes answers of one kind, and no others.
    """

    def take(answer: object) -> _T:
        if not isinstance(answer, kind):
            raise SupervisorFailed()
        return answer

    return take


async def recall(
    finding: Deferred[Record], remembered: Callable[[], Record | None]
) -> Record:
    """
    Wait for a job, or take it from memory if there is no answer.
    """
    try:
        return await finding
    except RosterUnreachable:
        record = remembered()
        if record is None:
            raise
        return record


def vanished(known: Record, at: int) -> Record:
    """
    Say of a job that was running that nobody knows it any more.

    @param at: When this was noticed: nanoseconds since the epoch.
    """
    return advance(known, Lost(at, _VANISHED))
