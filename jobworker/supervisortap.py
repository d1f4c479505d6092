"""
The supervisor as a command: C{twistd jobworker-supervisor}, or, without
anything of twistd, C{python -m jobworker.supervisortap}.
"""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any, ClassVar, cast

from twisted.application.service import IService
from twisted.logger import globalLogBeginner

from .daemon.ending import endWithError
from .daemon.keeping import CHECKS, KEEPING, parseReserve, parseRetain, readQuota
from .daemon.logfile import loggedAs, openLog
from .daemon.logformat import observerFor
from .daemon.options import StrictOptions, number, oneOf
from .daemon.settings import SupervisorSettings
from .daemon.state import StateDirectory, defaultStateDirectory, findGatewayUser
from .daemon.supervisor import ISupervisorReactor, Supervisor
from .errors import BadConfiguration


def _seconds(text: str) -> float:
    """
    Read a time that may be endless.
    """
    if text == "never":
        return math.inf
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{text!r} is neither a number of seconds nor 'never'")
    return seconds


class Options(StrictOptions):
    """
    What a supervisor is told on its command line.
    """

    synopsis = "[options]"
    command = "jobworker-supervisor"
    readers: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "linger": _seconds,
        "log-format": oneOf("text", "json"),
        "ready-fd": number(3, 1_000_000),
        "open-files": number(16, 1_000_000_000),
        **CHECKS,
    }

    optParameters: ClassVar[Sequence[Sequence[Any]]] = [
        ["state-dir", None, None, "Directory for logs and the table of jobs."],
        ["gateway-user", None, None, "Another user whose gateways may connect."],
        [
            "linger",
            None,
            "60",
            "Seconds to stay when there is no gateway and no job, or never to leave.",
        ],
        [
            "open-files",
            None,
            None,
            "Files that a job may have open, unless it changes that.",
        ],
        *KEEPING,
        ["log-format", None, "text", "What is logged: text, or lines of json."],
        ["log-file", None, None, "File to log to, if not standard error."],
        ["ready-fd", None, None, "Descriptor to say on what came of the start."],
    ]

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


def makeService(options: Options) -> IService:
    """
    Make the supervisor.

    @raise SystemExit: If something is wrong.
    """
    from twisted.internet import reactor as found

    reactor = cast(ISupervisorReactor, found)
    # The time limits of jobs do not care about a clock that is set.
    reactor.seconds = monotonic  # type: ignore[method-assign]
    user = options["gateway-user"]
    try:
        gateway = None if user is None else findGatewayUser(user)
    except BadConfiguration as error:
        raise SystemExit(f"jobworker-supervisor: {error}") from None
    linger = options["linger"]
    settings = SupervisorSettings(
        StateDirectory(options["state-dir"] or defaultStateDirectory()),
        None if linger == math.inf else linger,
        gateway,
        options["ready-fd"],
        readQuota(options),
        parseRetain(options["retain"]),
        parseReserve(options["reserve"]),
        options["open-files"],
    )
    supervisor = Supervisor(
        reactor,
        settings,
        lambda reason: endWithError(reactor, reason),
        reactor.stop,
    )
    return loggedAs(reactor, options, supervisor)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Be a supervisor, and nothing that twistd would add.
    """
    # Twisted's reactor would load it for the sake of TLS.
    sys.modules["OpenSSL"] = None  # type: ignore[assignment]
    options = Options()
    options.parseOptions(sys.argv[1:] if arguments is None else arguments)
    from twisted.internet import reactor

    service = makeService(options)
    path = options["log-file"]
    try:
        output: Any = sys.stderr if path is None else openLog(path, 0o600)
    except BadConfiguration as error:
        raise SystemExit(f"jobworker-supervisor: {error}") from None
    observer = observerFor(options["log-format"], output)
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
    os.chdir("/")
    # Jobs do not end with somebody's terminal, nor when settings are to be read
    # again.  What is spawned does not ignore it.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    service.privilegedStartService()
    service.startService()
    reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
    reactor.run()


if __name__ == "__main__":
    main()
