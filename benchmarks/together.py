"""
The whole service in one process, as it would be without the supervisor: what
two processes are measured against.

C{python -m benchmarks.together} takes the options of C{twistd jobworker}.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import globalLogBeginner, textFileLogObserver

from jobworker.access.peers import PeerBook
from jobworker.access.tokens import TokenVerifier
from jobworker.daemon.keeping import readQuota
from jobworker.daemon.openfiles import raiseOpenFiles
from jobworker.daemon.rooms import chooseRoom
from jobworker.daemon.state import StateDirectory
from jobworker.door.service import Door
from jobworker.launchers.plain import makePlainLauncher
from jobworker.logs.drain import startDrain
from jobworker.logs.keeper import LogKeeper
from jobworker.roster.local import LocalRoster
from jobworker.rpc.service import RPCService
from jobworker.store.opening import openTable
from jobworker.store.table import JobTable
from jobworker.tap import Options
from jobworker.tls.contexts import makeServerTLS
from jobworker.tls.credentials import loadServerCredentials
from jobworker.tls.files import readFile


async def serve(reactor: Any, options: Options) -> None:
    """
    Start everything, and end it when the reactor ends.
    """
    state = StateDirectory(options["state-dir"])
    state.prepare()
    openTable(state.table)
    files = raiseOpenFiles()
    store = JobTable(reactor, state.table)
    drain, thread = startDrain(reactor)
    logs = LogKeeper(reactor, state.logs, drain, readQuota(options))
    launcher = makePlainLauncher(reactor, openFiles=files)
    roster = LocalRoster(reactor, time.time_ns, launcher, logs, store)
    await roster.recover()
    room, peers = chooseRoom(), PeerBook()
    room.make()
    key = readFile(options["tokenkey"], "token key")
    verifier = TokenVerifier(key, options["issuer"], time.time)
    rpc = RPCService(reactor, roster, verifier, peers, state.logs, room.socket)
    shown = (options["cert"], options["key"], options["ca"])
    tls = makeServerTLS(loadServerCredentials(*shown, time.time()))
    place = (options["interface"], options["port"])
    door = Door(reactor, reactor, *place, tls, peers, room.socket)
    door.listen()
    rpc.startService()
    await rpc.whenListening()
    door.startService()

    async def end() -> None:
        await door.stopService()
        await rpc.stopService()
        await door.close()
        await roster.stopAll(1.0, "the service was stopped")
        drain.close()
        thread.join()
        await store.close()
        room.remove()

    reactor.addSystemEventTrigger(
        "before", "shutdown", lambda: Deferred.fromCoroutine(end())
    )
    print("jobworker is ready", flush=True)


def main() -> None:
    """
    Be the service.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed
    options = Options()
    options.parseOptions(sys.argv[1:])
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(sys.stderr)], redirectStandardIO=False
    )
    Deferred.fromCoroutine(serve(reactor, options)).addErrback(
        lambda failure: (failure.printTraceback(), reactor.stop())
    )
    reactor.run()


if __name__ == "__main__":
    main()
