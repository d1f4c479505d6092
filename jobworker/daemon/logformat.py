"""
The log of a process as lines of JSON, where that is asked for.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import IO, Any

from zope.interface import implementer

from attrs import define

from twisted.application.service import IService, MultiService
from twisted.logger import ILogObserver, LogEvent, formatEvent
from twisted.python.components import Componentized
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


def loggedAs(options: Mapping[str, Any], service: IService) -> MultiService:
    """
    Put a service into one whose process logs as its options say.

    @param options: Those of a command of twistd.
    """
    asJSON = options["log-format"] == "json"
    root = LoggedAsJSON(_logfile(options)) if asJSON else MultiService()
    service.setServiceParent(root)
    return root


def _logfile(options: Mapping[str, Any]) -> str | None:
    """
    Find out where twistd logs to; C{None} is standard output.
    """
    twistd = getattr(options, "parent", None)
    if twistd is None or twistd.get("logfile") == "-":
        return None
    chosen: str | None = twistd.get("logfile")
    if chosen is None and not twistd.get("nodaemon"):
        return "twistd.log"
    return chosen
