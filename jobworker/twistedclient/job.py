"""
One job, with all that can be asked about it from a reactor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import field, frozen

from twisted.internet.defer import Deferred

from ..client.events import Event
from ..client.values import JobStatus
from ..jobs import Source
from .caller import TwistedCaller


@frozen
class TwistedJob:
    """
    A job of a server.

    It is as good as the client that it comes from, and every Deferred may fail
    with a L{jobworker.client.failures.Failure}.

    @ivar identifier: The id of the job.
    """

    _caller: TwistedCaller = field(repr=False)
    identifier: str

    def logs(
        self,
        received: Callable[[Event], object],
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
    ) -> Deferred[JobStatus]:
        """
        Read what it has written, and what it writes from now on; see
        L{TwistedCaller.readLog}.
        """
        return self._caller.readLog(
            self.identifier,
            received,
            follow=follow,
            sources=sources,
            line=line,
            last=last,
        )

    def wait(self, timeout: float | None = None) -> Deferred[JobStatus]:
        """
        Wait for its end; see L{TwistedCaller.wait}.
        """
        return self._caller.wait(self.identifier, timeout)

    def stop(
        self, force: bool = False, signal: int = 0, grace: float | None = None
    ) -> Deferred[JobStatus]:
        """
        End it, and wait until it is gone; see L{TwistedCaller.stop}.
        """
        return self._caller.stop(self.identifier, force, signal, grace)

    def signal(self, number: int) -> Deferred[JobStatus]:
        """
        Send a signal to its process group.

        @return: The job as it was then.
        """
        return self._caller.signal(self.identifier, number)

    def query(self) -> Deferred[JobStatus]:
        """
        Find out about it.
        """
        return self._caller.query(self.identifier)

    def delete(self) -> Deferred[None]:
        """
        Forget it, as it has ended, and remove its log.
        """
        return self._caller.delete(self.identifier)
