"""
A service in a process of its own, which is killed while its jobs run.

    python -m tests.predecessor DIRECTORY CREATURE...

It says the identifier and the process of each job when that is ready, then
C{started}.  No job ends before that: what a command leaves behind has longer to
close its output than anybody takes to kill this.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tests.creatures import CREATURES
from tests.hosts import until
from tests.services import Service


async def serve(directory: str, names: Sequence[str]) -> None:
    """
    Start jobs, and say when all run.
    """
    service = Service(directory, linger=600.0)
    await service.roster.recover()
    for name in names:
        record = await service.roster.start(CREATURES[name], "alice")
        await until(partial(service.output, record.identifier))
        print(record.identifier, record.process.pid, flush=True)
    print("started", flush=True)


def fail(failure: Failure) -> None:
    """
    End with what went wrong.
    """
    failure.printTraceback()
    reactor.stop()


def main() -> None:
    """
    Serve until killed.
    """
    serving = Deferred.fromCoroutine(serve(sys.argv[1], sys.argv[2:]))
    serving.addErrback(fail)


reactor.callWhenRunning(main)
reactor.run()
