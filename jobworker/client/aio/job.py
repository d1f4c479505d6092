"""
One job, with all that can be asked about it from an event loop.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from attrs import field, frozen

from ...jobs import Source
from ..events import Event
from ..values import JobStatus
from .caller import AsyncCaller


@frozen
class AsyncJob:
    """
    A job of a server.

    It is as good as the client that it comes from: it connects when it must,
    and every method may raise a L{Failure}.

    @ivar identifier: The id of the job.
    """

    _caller: AsyncCaller = field(repr=False)
    identifier: str

    def logs(
        self,
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
    ) -> AsyncGenerator[Event, None]:
        """
        Read what it has written, and what it writes from now on; see
        L{AsyncCaller.readLog}.
        """
        return self._caller.readLog(
            self.identifier, follow=follow, sources=sources, line=line, last=last
        )

    async def wait(self, timeout: float | None = None) -> JobStatus:
        """
        Wait for its end; see L{AsyncCaller.wait}.
        """
        return await self._caller.wait(self.identifier, timeout)

    async def stop(
        self, force: bool = False, signal: int = 0, grace: float | None = None
    ) -> JobStatus:
        """
        End it, and wait until it is gone; see L{AsyncCaller.stop}.
        """
        return await self._caller.stop(self.identifier, force, signal, grace)

    async def signal(self, number: int) -> JobStatus:
        """
        Send a signal to its process group.

        @return: The job as it was then.
        """
        return await self._caller.signal(self.identifier, number)

    async def query(self) -> JobStatus:
        """
        Find out about it.
        """
        return await self._caller.query(self.identifier)

    async def delete(self) -> None:
        """
        Forget it, as it has ended, and remove its log.
        """
        await self._caller.delete(self.identifier)
