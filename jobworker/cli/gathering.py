"""
Reading several logs, one after the other or all at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from queue import Queue
from threading import Thread
from typing import Final, TypeAlias, TypeVar

from ..client.events import Event
from ..client.failures import Failure

_Key = TypeVar("_Key")

#: What happened, and in which log.  A failure is the end of that one.
Gathered: TypeAlias = Iterator[tuple[_Key, Event | Failure]]

#: How many events wait to be written; who reads more than that waits.
_WAITING: Final = 16


def inTurn(readings: Mapping[_Key, Iterable[Event]]) -> Gathered[_Key]:
    """
    Read logs one after the other.
    """
    for key, events in readings.items():
        try:
            for event in events:
                yield key, event
        except Failure as failure:
            yield key, failure


def atOnce(readings: Mapping[_Key, Iterable[Event]]) -> Gathered[_Key]:
    """
    Read logs side by side, each in a thread of its own.

    Threads that are not at their end when nobody takes events any more end with
    the process.
    """
    queue: Queue[tuple[_Key, Event | Failure] | Exception | None] = Queue(_WAITING)

    def read(key: _Key, events: Iterable[Event]) -> None:
        try:
            for item in inTurn({key: events}):
                queue.put(item)
        except Exception as error:  # noqa: BLE001
            queue.put(error)
        queue.put(None)

    for pair in readings.items():
        Thread(target=read, args=pair, name="jobworker logs", daemon=True).start()
    left = len(readings)
    while left:
        item = queue.get()
        if item is None:
            left -= 1
        elif isinstance(item, Exception):
            raise item
        else:
            yield item
