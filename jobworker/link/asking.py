"""
What a gateway asks of a supervisor, as messages.
"""

from __future__ import annotations

from ..api import supervisor_pb2 as pb
from ..changes import JournalPlace
from ..jobs import Command, Manner
from ..queries import Query
from .conversion import convertCommand, convertManner, encode
from .journaling import convertReading
from .paging import convertQuery


def start(command: Command, owner: str) -> pb.Request:
    """
    Ask for a job to be started.

    @raise ValueError: If the command line is too long for any message.
    """
    start = pb.Start(command=convertCommand(command), owner=encode(owner))
    return pb.Request(start=start)


def stop(identifier: str, by: str, manner: Manner) -> pb.Request:
    """
    Ask for a job to be ended.
    """
    stop = pb.Stop(
        identifier=encode(identifier), by=encode(by), manner=convertManner(manner)
    )
    return pb.Request(stop=stop)


def find(identifier: str) -> pb.Request:
    """
    Ask for a job.
    """
    return pb.Request(find=pb.Find(identifier=encode(identifier)))


def signal(identifier: str, by: str, number: int) -> pb.Request:
    """
    Ask for a signal to be delivered.
    """
    signal = pb.Signal(identifier=encode(identifier), by=encode(by), number=number)
    return pb.Request(signal=signal)


def describe() -> pb.Request:
    """
    Ask what there is to be said of the supervisor.
    """
    return pb.Request(describe=pb.Describe())


def measure() -> pb.Request:
    """
    Ask what the supervisor has counted.
    """
    return pb.Request(measure=pb.Measure())


def search(query: Query) -> pb.Request:
    """
    Ask for jobs.
    """
    return pb.Request(search=convertQuery(query))


def changes(since: JournalPlace | None, limit: int) -> pb.Request:
    """
    Ask what has happened to jobs.
    """
    return pb.Request(read_changes=convertReading(since, limit))


def delete(identifier: str) -> pb.Request:
    """
    Ask for a job to be forgotten.
    """
    return pb.Request(delete=pb.Delete(identifier=encode(identifier)))


def follow(identifier: str) -> pb.Request:
    """
    Ask to be told when the log of a job grows.
    """
    return pb.Request(follow=pb.Follow(identifier=encode(identifier)))


def unfollow(identifier: str) -> pb.Request:
    """
    Take that back.
    """
    return pb.Request(unfollow=pb.Unfollow(identifier=encode(identifier)))
