"""
Where the log of a process goes.  A file that it goes to does not fill a disk: it is
put aside and begun anew again and again, and the oldest of those is removed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import IO, Any, Final

from twisted.application.service import IService, MultiService
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import ILogObserver
from twisted.python.components import Componentized
from twisted.python.logfile import LogFile

from ..errors import BadConfiguration
from .logformat import observerFor

#: Bytes after which a log begins a new file, and how many older ones are kept.
_LENGTH: Final = 8 << 20
_KEPT: Final = 4


def openLog(path: str, mode: int | None = None) -> LogFile:
    """
    Open a log that begins a new file again and again.

    @param mode: That of the file; C{None} leaves it as it is, or to the umask.

    @raise BadConfiguration: If there can be no such file.
    """
    folder, name = os.path.split(os.path.abspath(path))
    try:
        return LogFile(name, folder, _LENGTH, mode, _KEPT)
    except OSError as error:
        raise BadConfiguration(f"cannot log to {path}: {error.strerror}") from error


class Logged(MultiService):
    """
    A service whose process logs in a way of its own, not as twistd would.

    twistd asks the application for an observer, which must have one by then:
    when it has just been given its service.

    @ivar _format: C{text} or C{json}.
    @ivar _path: The file to log to; C{None} is standard output.
    """

    def __init__(
        self, reactor: IReactorFromThreads, format: str, path: str | None
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._reactor, self._format, self._path = reactor, format, path

    def setServiceParent(self, parent: Any) -> None:
        """
        Join the application, and give it the observer.

        @raise SystemExit: If it cannot log there.
        """
        if isinstance(parent, Componentized):
            try:
                observer = observerFor(self._format, self._open())
            except BadConfiguration as error:
                raise SystemExit(f"jobworker: {error}") from None
            parent.setComponent(ILogObserver, observer)
        super().setServiceParent(parent)  # type: ignore[no-untyped-call]

    def _open(self) -> IO[str] | LogFile:
        """
        Open what is logged to.  A file begins anew with SIGUSR1, too, as twistd's
        own does.
        """
        if self._path is None:
            return sys.stdout or open(os.devnull, "w", encoding="utf-8")
        file = openLog(self._path)
        signal.signal(
            signal.SIGUSR1, lambda *_: self._reactor.callFromThread(file.rotate)
        )
        return file


def loggedAs(
    reactor: IReactorFromThreads, options: Mapping[str, Any], service: IService
) -> MultiService:
    """
    Put a service into one whose process logs as its options say.

    Where twistd was told to log to syslog or to an observer, it does.

    @param options: Those of a command of twistd.
    """
    parent = getattr(options, "parent", None)
    twistd = {"nodaemon": True} if parent is None else parent
    format, path = options["log-format"], _logfile(twistd)
    asEver = twistd.get("syslog") or twistd.get("logger")
    if asEver or (format == "text" and path is None):
        root = MultiService()
    else:
        root = Logged(reactor, format, path)
    service.setServiceParent(root)
    return root


def _logfile(twistd: Mapping[str, Any]) -> str | None:
    """
    Find out where twistd logs to; C{None} is standard output.
    """
    chosen: str | None = twistd.get("logfile")
    if chosen == "-":
        return None
    return chosen or (None if twistd.get("nodaemon") else "twistd.log")
