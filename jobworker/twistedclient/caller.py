"""
Calling one server about jobs, by their ids, from a reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads

from ..client.aio.client import AsyncClient
from ..client.events import Event, Finished
from ..client.values import JobStatus
from ..jobs import Source
from .aside import LoopAside


@define(eq=False)
class TwistedCaller:
    """
    A caller of one server, who knows jobs by their ids.

    Everything is for the reactor thread.  Every Deferred may fail with a
    L{jobworker.client.failures.Failure}, which carries a cause and a remedy;
    cancelling it ends the call.

    @ivar _client: What calls.  It must not be used by anybody else.
    """

    _reactor: IReactorFromThreads
    _client: AsyncClient
    _loop: LoopAside = field(init=False)

    def __attrs_post_init__(self) -> None:
        """
        Have a place for the client to run in.
        """
        self._loop = LoopAside(self._reactor, self._client.close)

    def stop(
        self,
        identifier: str,
        force: bool = False,
        signal: int = 0,
        grace: float | None = None,
    ) -> Deferred[JobStatus]:
        """
        End a job, and wait until it is gone.

        @param force: Kill it at once.

        @param signal: The number of the signal to ask with; 0 means SIGTERM.

        @param grace: Seconds after which everything is killed that is left of
            it.  C{None}: it may go on, and then that is a L{StopIgnored}.
        """
        return self._loop.run(self._client.stop(identifier, force, signal, grace))

    def query(self, identifier: str) -> Deferred[JobStatus]:
        """
        Find out about a job.
        """
        return self._loop.run(self._client.query(identifier))

    def signal(self, identifier: str, number: int) -> Deferred[JobStatus]:
        """
        Send a signal to the process group of a job.

        @param number: The number of the signal, as L{signal.SIGUSR1}.

        @return: The job as it was then.
        """
        return self._loop.run(self._client.signal(identifier, number))

    def wait(
        self, identifier: str, timeout: float | None = None
    ) -> Deferred[JobStatus]:
        """
        Wait for a job to end, whatever happens to connections.

        @param timeout: Seconds after which it is a L{TimedOut}.
        """
        return self._loop.run(self._client.wait(identifier, timeout))

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job that has ended, and remove its log.
        """
        return self._loop.run(self._client.delete(identifier))

    def readLog(
        self,
        identifier: str,
        received: Callable[[Event], object],
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
    ) -> Deferred[JobStatus]:
        """
        Read what a job has written, and what it writes from now on.

        Each byte comes once, whatever happens to connections, and is verified
        in the end.

        @param received: Takes each event, L{Finished} as the last.  If it
            returns a Deferred, the next event is not fetched before that has
            fired; if it fails, so does the reading.

        @param follow: Go on until the job has ended.

        @param line: The first line wanted, counted from 0.

        @param last: How many lines are wanted of those there are.

        @return: The job, as it is when everything was received and verified.
            Once that is cancelled, nothing is received any more.
        """
        begin = partial(
            self._client.readLog,
            identifier,
            follow=follow,
            sources=sources,
            line=line,
            last=last,
        )
        return self._loop.hear(begin, received).addCallback(_statusOf)

    def close(self) -> Deferred[None]:
        """
        Cancel every call, and disconnect.

        The client connects again when it must; whoever has used one must close
        it before the reactor stops.
        """
        return self._loop.end()


def _statusOf(last: Event) -> JobStatus:
    """
    Get what the last event of a log tells.
    """
    assert isinstance(last, Finished)
    return last.status
