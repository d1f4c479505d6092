"""
The page that Prometheus reads.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import ClassVar, Final

from attrs import define, field
from prometheus_client.twisted import MetricsResource

from twisted.internet.defer import (
    CancelledError,
    Deferred,
    TimeoutError,
    maybeDeferred,
)
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorSocket,
    IReactorTime,
)
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from ..description import Tally
from ..errors import JobWorkerError
from ..interfaces.roster import IRoster
from .jobs import JobFigures
from .meter import Meter

# Seconds that the supervisor has to answer; Prometheus waits for ten.
_PATIENCE: Final = 5.0


class IPageReactor(IReactorSocket, IReactorTime):
    """
    What is needed of a reactor to show a page.
    """


class _Site(Site):
    """
    Shows pages, and says nothing about it: they are read again and again.
    """

    noisy = False

    def log(self, request: object) -> None:
        """
        This is of no interest.
        """


class _Page(Resource):
    """
    All metrics, with what the supervisor says at this moment.
    """

    isLeaf = True

    def __init__(self, page: MetricsPage) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._page = page
        self._figures = MetricsResource(  # type: ignore[no-untyped-call]
            page.meter.registry
        )

    def render_GET(self, request: Request) -> int:
        """
        Ask the supervisor first.
        """
        gone: list[object] = []
        request.notifyFinish().addBoth(gone.append)

        def show(_: object) -> None:
            if not gone:
                self._figures.render(request)

        self._page.ask().addBoth(show)
        return NOT_DONE_YET


@define(eq=False)
class MetricsPage:
    """
    Shows C{/metrics} at a port of its own.

    @ivar figures: What the supervisor has said.
    @ivar _listen: Makes the socket.
    """

    log: ClassVar[Logger] = Logger()

    _reactor: IPageReactor
    _roster: IRoster
    meter: Meter
    _listen: Callable[[], socket.socket]
    figures: JobFigures = field(factory=JobFigures, init=False)
    _socket: socket.socket | None = field(default=None, init=False)
    _port: IListeningPort | None = field(default=None, init=False)
    _calm: Callable[[], None] = field(default=lambda: None, init=False)

    def prepare(self) -> None:
        """
        Take the port.

        @raise BadConfiguration: If it cannot be had.
        """
        self._socket = self._listen()

    def start(self) -> None:
        """
        Begin to measure, and to show it.
        """
        assert self._socket is not None
        self.meter.registry.register(self.figures)
        self._calm = self.meter.pulse(
            "reactor", self._reactor.callLater, self._reactor.seconds
        )
        root = Resource()
        root.putChild(b"metrics", _Page(self))
        host, port = self._socket.getsockname()[:2]
        with self._socket as ours:
            self._port = self._reactor.adoptStreamPort(
                ours.fileno(),
                ours.family,
                _Site(root),  # type: ignore[arg-type,no-untyped-call]
            )
        host = f"[{host}]" if ":" in host else host
        self.log.info(
            "metrics are at http://{host}:{port}/metrics", host=host, port=port
        )

    def stop(self) -> Deferred[object]:
        """
        Show nothing any more.

        @return: A L{Deferred} firing when the port is free.
        """
        self._calm()
        port, self._port = self._port, None
        return maybeDeferred(port.stopListening if port is not None else bool)

    def ask(self) -> Deferred[None]:
        """
        Ask the supervisor what it has counted.

        @return: A L{Deferred} which does not fail.
        """

        def told(tally: Tally) -> None:
            self.figures.tally = tally

        def untold(failure: Failure) -> None:
            self.figures.tally = None
            if failure.check(JobWorkerError, TimeoutError, CancelledError) is None:
                self.log.failure("while asking for what was counted", failure)

        asked = self._roster.measure().addTimeout(_PATIENCE, self._reactor)
        return asked.addCallbacks(told, untold)
