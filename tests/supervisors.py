"""
Supervisors as processes of their own, and gateways that start them.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from typing import cast

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from jobworker.crashing import VARIABLE
from jobworker.daemon.starting import (
    IStartingReactor,
    SupervisorEndpoint,
    chooseEnvironment,
)
from jobworker.daemon.state import StateDirectory
from jobworker.link.remote import RemoteRoster
from tests.hosts import until

reactor = cast(IStartingReactor, _reactor)


def makeState(case: TestCase) -> StateDirectory:
    """
    Make a state directory; whoever still uses it when the test is over is
    killed.
    """
    directory = tempfile.mkdtemp(dir="/tmp", prefix="jwl-")
    case.addCleanup(shutil.rmtree, directory)
    state = StateDirectory(os.path.join(directory, "state"))
    state.prepare()

    async def clear() -> None:
        for pid in supervisors(state):
            # It may be ending by itself.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        await until(lambda: not supervisors(state))

    case.addCleanup(lambda: Deferred.fromCoroutine(clear()))
    return state


def makeGateway(
    case: TestCase,
    state: StateDirectory,
    *options: str,
    starts: bool = True,
    crash: str = "",
) -> RemoteRoster:
    """
    Make a gateway that starts a supervisor if there is none.

    @param crash: Where the first one that it starts shall die.
    """
    environment = chooseEnvironment(os.environ)
    if crash:
        environment[VARIABLE] = crash
    endpoint = SupervisorEndpoint(reactor, state, options, starts, environment)
    remote = RemoteRoster(reactor, endpoint)
    case.addCleanup(remote.close)
    remote.open()
    return remote


def supervisors(state: StateDirectory) -> list[int]:
    """
    Find the supervisors of a state directory.
    """
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    words = file.read().split(b"\0")
            except OSError:
                continue
            if state.path.encode() in words and b"setsid" not in words:
                found.append(int(name))
    return found
