"""
How the process of a service that cannot go on ends.
"""

from __future__ import annotations

import atexit
import os
import sys

from twisted.internet.interfaces import IReactorCore
from twisted.logger import Logger

_log = Logger()


class StartRefused(SystemExit, Exception):
    """
    The process cannot start, and ends with one line and status 1.

    It is an L{Exception} too, because twistd in the background tells the
    process that waits in front of nothing else, which then waits for ever,
    and removes its pidfile for nothing else.
    """

    # twistd says the name, and cuts after a hundred characters.
    __module__ = "jobworker"

    def __init__(self, command: str, reason: str) -> None:
        super().__init__(reason)
        self.code = f"{command}: {reason}"


def endWithError(reactor: IReactorCore, reason: str) -> None:
    """
    Say in one line why the process ends, and have it end with status 1.

    twistd knows no way to say so once the reactor runs: the status is put in
    place when everything else is done.
    """
    _log.critical("jobworker: {reason}", reason=reason)
    atexit.register(_leave)
    reactor.callWhenRunning(reactor.stop)


def _leave() -> None:
    """
    Leave with status 1, after what was printed is out.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)
