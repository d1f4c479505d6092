"""
The log of a process as lines of JSON, where that is asked for.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from datetime import datetime, timezone
from typing import IO, Any

from zope.interface import implementer

from attrs import define

from twisted.application.service import MultiService
from twisted.logger import ILogObserver, LogEvent, formatEvent
from twisted.python.components import Componentized
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile

#: What twisted.logger puts into an event for itself.
_OWN = frozenset({"message", "time", "system", "isError", "why", "format", "failure"})


def toJSON(event: LogEvent) -> str:
    """
    Write an event as one line: when, how important, who, what, and the data
    of the event as it is.
    """
    entry: dict[str, Any] = {
        "time": datetime.fromtimestamp(
            event.get("log_time", 0.0), timezone.utc
        ).isoformat(),
        "level": getattr(event.get("log_level"), "name", "info"),
        "logger": event.get("log_namespace", ""),
        "text": formatEvent(event),
    }
    failure = event.get("log_failure")
    if isinstance(failure, Failure):
        entry["error"] = failure.getErrorMessage()
        entry["traceback"] = "".join(
            traceback.format_exception(
                failure.type, failure.value, failure.getTracebackObject()
            )
        )
    for key, value in event.items():
        if not key.startswith("log_") and key not in _OWN and key not in entry:
            plain = value is None or isinstance(value, str | int | float | bool)
            entry[key] = value if plain else str(value)
    return json.dumps(entry, ensure_ascii=True)


@implementer(ILogObserver)
@define
class JSONObserver:
    """
    Writes each event as a line.
    """

    _file: IO[str] | LogFile

    def __call__(self, event: LogEvent) -> None:
        """
        Write one.
        """
        self._file.write(toJSON(event) + "\n")
        self._file.flush()


class LoggedAsJSON(MultiService):
    """
    A service whose process logs JSON.

    twistd asks the application for an observer, which must have one by then:
    when it has just been given its service.

    @ivar _path: The file to log to; C{None} is standard output.
    """

    def __init__(self, path: str | None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._path = path

    def setServiceParent(self, parent: Any) -> None:
        """
        Join the application, and give it the observer.
        """
        if isinstance(parent, Componentized):
            parent.setComponent(ILogObserver, JSONObserver(self._open()))
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]

    def _open(self) -> IO[str] | LogFile:
        """
        Open what is logged to.
        """
        if self._path is None:
            return sys.stdout or open(os.devnull, "w", encoding="utf-8")
        folder, name = os.path.split(os.path.abspath(self._path))
        return LogFile(name, folder)
