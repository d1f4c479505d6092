"""
The gRPC server as a service of Twisted: its thread, and how that begins and ends.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Thread

from attrs import define, field

from twisted.application.service import Service
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

from ..access.peers import PeerBook
from ..access.tokens import TokenVerifier
from ..errors import ShuttingDown
from ..interfaces.roster import IRoster
from ..metering import Reading
from ..milestones import Milestone
from .accounts import Accounts
from .assembling import makeServer
from .board import Poster
from .bridge import Bridge
from .gate import Gate
from .server import Server
from .settings import Settings

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop  # type: ignore[assignment]


@define(eq=False)
class _Run:
    """
    One life of the server, from start to stop.

    @ivar listening: Reached with C{None}, or with why it cannot listen.
    @ivar over: Reached when nothing of it is left but the thread's last steps.
    """

    loop: asyncio.AbstractEventLoop
    server: Server
    poster: Poster
    thread: Thread
    subscribed: bool = False
    listening: Milestone[Exception | None] = field(factory=Milestone)
    over: Milestone[None] = field(factory=Milestone)


class RPCService(Service):
    """
    The gRPC server, in a thread of its own, while the service runs.

    Nothing of gRPC happens before it starts, because twistd forks before that.
    """

    name = "rpc"
    _log = Logger()

    def __init__(
        self,
        reactor: IReactorFromThreads,
        roster: IRoster,
        verifier: TokenVerifier,
        peers: PeerBook,
        logs: str,
        socket: str,
        settings: Settings | None = None,
        accounts: Accounts | None = None,
    ) -> None:
        """
        @param verifier: It belongs to this service from now on.

        @param peers: Who is at the other end of which connection.

        @param logs: The directory of all logs.

        @param socket: The path of the socket to listen on, in a directory
            that nobody else may enter.

        @param accounts: Where account is kept of calls.
        """
        self._reactor = reactor
        self._roster = roster
        self._peers = peers
        self._logs = logs
        self._socket = socket
        self._settings = settings or Settings()
        self._gate = Gate(
            verifier,
            peers,
            self._settings.followers,
            self._settings.followersPerCaller,
            accounts or Accounts(),
        )
        meter = self._gate.accounts.meter
        meter.read(Reading.CALLS, lambda: self._gate.calls)
        meter.read(Reading.FOLLOWERS, lambda: self._gate.following)
        self._run: _Run | None = None

    def startService(self) -> None:
        """
        Start the thread.
        """
        super().startService()  # type: ignore[no-untyped-call]
        self._gate.open()
        self._run = self._assemble()
        self._run.thread.start()

    def stopService(self) -> Deferred[None]:
        """
        Take no more calls, and end those that run.

        @return: A L{Deferred} firing when the thread has ended.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        run, self._run = self._run, None
        if run is None:
            return succeed(None)
        if run.subscribed:
            self._roster.unsubscribe(run.poster)
        # The loop is closed already if the server failed.
        with suppress(RuntimeError):
            run.loop.call_soon_threadsafe(run.server.stop)
        return run.over.wait().addCallback(lambda _: run.thread.join())

    def whenListening(self) -> Deferred[None]:
        """
        Wait until calls can be made.

        Call this once the service was started.

        @raise BadConfiguration: (asynchronously) If they never can.
        """
        assert self._run is not None
        return self._run.listening.wait().addCallback(_requireNone)

    def whenOver(self) -> Deferred[None]:
        """
        Wait until calls can be made no more: it was stopped, or has failed, and
        the log says why.

        Call this once the service was started.
        """
        assert self._run is not None
        return self._run.over.wait()

    def useVerifier(self, verifier: TokenVerifier) -> None:
        """
        Verify the tokens of calls from now on in another way.
        """
        self._gate.verifier = verifier

    def _assemble(self) -> _Run:
        """
        Put together what runs in the thread.
        """
        loop = new_event_loop()
        server, poster = makeServer(
            loop,
            Bridge(self._reactor, loop),
            self._roster,
            self._gate,
            self._settings,
            self._logs,
            self._socket,
        )
        thread = Thread(target=lambda: self._serve(run), name="grpc")
        run = _Run(loop, server, poster, thread)
        return run

    def _serve(self, run: _Run) -> None:
        """
        Be the thread.
        """
        asyncio.set_event_loop(run.loop)
        failed: Exception | None = None

        def listening() -> None:
            self._reactor.callFromThread(self._listening, run)

        try:
            run.loop.run_until_complete(run.server.serve(listening))
        # Whatever it is, the reactor is told.
        except Exception as error:  # noqa: BLE001
            failed = error
            if run.listening.reached:
                self._log.failure("the gRPC server has failed")
        finally:
            asyncio.set_event_loop(None)
            run.loop.close()
            self._reactor.callFromThread(self._over, run, failed)

    def _listening(self, run: _Run) -> None:
        """
        The server listens: have its board filled.
        """
        if self._run is not run:
            return
        run.subscribed = True
        subscribed = self._roster.subscribe(run.poster)
        subscribed.addErrback(
            lambda failure: self._log.failure("while subscribing to jobs", failure)
        )
        subscribed.addCallback(lambda _: run.listening.reach(None))

    def _over(self, run: _Run, failed: Exception | None) -> None:
        """
        The thread ends.
        """
        if not run.listening.reached:
            run.listening.reach(failed or ShuttingDown())
        run.over.reach(None)


def _requireNone(failed: Exception | None) -> None:
    """
    Raise what is there to raise.
    """
    if failed is not None:
        raise failed
