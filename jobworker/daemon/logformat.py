"""
What the log of a process looks like: twistd's text, or lines of JSON.
"""

from __future__ import annotations

import json
import traceback
from datetime import datetime, timezone
from typing import IO, Any

from zope.interface import implementer

from attrs import define

from twisted.logger import ILogObserver, LogEvent, formatEvent, textFileLogObserver
from twisted.python.failure import Failure
from twisted.python.logfile import LogFile

from ..access.calls import CURRENT

#: What twisted.logger puts into an event for itself.
_OWN = frozenset({"message", "time", "system", "isError", "why", "format", "failure"})


def toJSON(event: LogEvent) -> str:
    """
    Write an event as one line: when, how important, who, what, the data of the
    event as it is, and the call that it belongs to.
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
            entry[key] = _plain(value)
    for key, value in _calling().items():
        entry.setdefault(key, value)
    return json.dumps(entry, ensure_ascii=True)


def _plain(value: object) -> object:
    """
    Make of a value what JSON has, texts in a list among that.
    """
    if isinstance(value, list):
        return [*map(_plain, value)]
    plain = value is None or isinstance(value, str | int | float | bool)
    return value if plain else str(value)


def _calling() -> dict[str, str]:
    """
    Say during which call something is logged, if during any: what is called,
    by whom, from where and about which job.
    """
    call = CURRENT.get()
    if call is None:
        return {}
    known = {
        "rpc": call.method,
        "caller": call.caller.subject if call.caller else "",
        "peer": call.peer.address if call.peer else "",
        "job": call.job,
    }
    return {key: value for key, value in known.items() if value}


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


def observerFor(format: str, output: IO[str] | LogFile) -> ILogObserver:
    """
    Make what writes the log.

    @param format: C{text} or C{json}.
    """
    if format == "json":
        return JSONObserver(output)
    return textFileLogObserver(output)  # type: ignore[arg-type]
