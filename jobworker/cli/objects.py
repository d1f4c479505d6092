"""
What a job writes, as objects for programs.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import partial

from ..client.events import Event
from ..jobs import Source
from .lines import Lines, Writer
from .times import asTime


def asObjects(identifier: str, events: Iterable[Event]) -> Iterator[Event]:
    """
    Make an object of each line that a job writes, on a line of its own.
    """
    return Lines(partial(_object, identifier)).of(events)


def _object(identifier: str, source: Source, time: int) -> Writer:
    """
    Write a line as an object.
    """
    about = {
        "job": identifier,
        "time": asTime(time or None),
        "source": source.name.lower(),
    }
    # Nothing but the line differs between lines that came at once.
    begin = json.dumps(about).removesuffix("}")

    def write(line: bytes) -> bytes:
        """
        Write it as text, or in base64 where it is none.
        """
        try:
            key, said = "text", line.decode("utf-8")
        except UnicodeDecodeError:
            key, said = "base64", b64encode(line).decode("ascii")
        return f'{begin}, "{key}": {json.dumps(said)}}}\n'.encode("ascii")

    return write
