"""
The client for a reactor: what can be asked of a job worker.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from attrs import frozen

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads

from ..client.aio.client import AsyncClient
from ..client.aio.job import AsyncJob
from .aside import LoopAside
from .deferring import Deferring, collected, deferred, heard, read
from .job import TwistedJob

_Rest = ParamSpec("_Rest")


def _withJob(
    method: Callable[Concatenate[AsyncClient, _Rest], Coroutine[Any, Any, AsyncJob]],
) -> Callable[Concatenate[TwistedClient, _Rest], Deferred[TwistedJob]]:
    """
    Make a method whose result is a job.
    """

    @wraps(method)
    def call(
        self: TwistedClient, /, *args: _Rest.args, **kwargs: _Rest.kwargs
    ) -> Deferred[TwistedJob]:
        return self._loop.run(method(self._original, *args, **kwargs)).addCallback(
            lambda job: TwistedJob(self._loop, job)
        )

    return call


@frozen(eq=False, init=False)
class TwistedClient(Deferring[AsyncClient]):
    """
    A caller of one server.

    Everything is for the reactor thread.  Every Deferred may fail with a
    L{jobworker.client.failures.Failure}, which carries a cause and a remedy;
    cancelling it ends the call.
    """

    def __init__(self, reactor: IReactorFromThreads, client: AsyncClient) -> None:
        """
        Have a client be used in a loop beside a reactor.

        @param client: It must not be used by anybody else.
        """
        self.__attrs_init__(LoopAside(reactor, client.close), client)

    @classmethod
    def fromContext(
        cls,
        reactor: IReactorFromThreads,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> TwistedClient:
        """
        Make a client as the command line does where it gets no flags; see
        L{AsyncClient.fromContext}.
        """
        return cls(reactor, AsyncClient.fromContext(name, environment))

    #: The same by the name that it has in other libraries.
    from_context = fromContext

    start = _withJob(AsyncClient.start)
    job = _withJob(AsyncClient.job)
    jobs = collected(AsyncClient.jobs)
    watch = heard(AsyncClient.watch)
    info = deferred(AsyncClient.info)
    resolve = deferred(AsyncClient.resolve)
    readLog = read(AsyncClient.readLog)
    wait = deferred(AsyncClient.wait)
    stop = deferred(AsyncClient.stop)
    signal = deferred(AsyncClient.signal)
    query = deferred(AsyncClient.query)
    delete = deferred(AsyncClient.delete)

    def close(self) -> Deferred[None]:
        """
        Cancel every call, and disconnect.

        The client connects again when it must; whoever has used one must close
        it before the reactor stops.
        """
        return self._loop.end()
