"""
The client for an event loop: what can be asked of a job worker.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from types import TracebackType

from attrs import define

from ...specification import NOTHING, Specification
from ..filters import EVERYTHING, Filter
from ..happenings import Happening
from ..listing import Pages, requestFor
from ..outlook import outlookOn
from ..questions import informing, starting
from ..resolving import resolving
from ..target import Target
from ..values import JobStatus, ServerInfo
from .caller import AsyncCaller
from .job import AsyncJob
from .watcher import AsyncJobWatcher


@define(eq=False)
class AsyncClient(AsyncCaller):
    """
    A caller of one server, who starts jobs and finds them.
    """

    @classmethod
    def fromContext(
        cls,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> AsyncClient:
        """
        Make a client as the command line does where it gets no flags.

        @param name: The name of a context, which counts before the
            environment.  C{None}: the environment, and where that says nothing
            the context that it names, or the current one.

        @param environment: What counts as the environment instead of that of
            this process.
        """
        there = os.environ if environment is None else environment
        return cls(*Target.find(there, name or "").load())

    #: The same by the name that it has in other libraries.
    from_context = fromContext

    async def __aenter__(self) -> AsyncClient:
        """
        Use the client for a while.
        """
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        Disconnect.
        """
        await self.close()

    async def start(
        self, command: Sequence[str], specification: Specification = NOTHING
    ) -> AsyncJob:
        """
        Start a job.

        @param command: The program and its arguments.

        @param specification: What the job shall have beside its command.  A
            server of the original kind ignores it.
        """
        return AsyncJob(self, await self._ask(starting(command, specification)))

    async def job(self, text: str) -> AsyncJob:
        """
        Find a job by its id, the first characters of it, or its name; see
        L{resolve}.
        """
        return AsyncJob(self, await self.resolve(text))

    async def info(self) -> ServerInfo:
        """
        Find out about the server.
        """
        return await self._ask(informing())

    def jobs(
        self, wanted: Filter = EVERYTHING, *, limit: int | None = None
    ) -> AsyncGenerator[JobStatus, None]:
        """
        Find jobs, the newest first.  They are fetched as they are taken.

        @param limit: How many are wanted at most.
        """
        return self._paged(Pages(requestFor(wanted), limit))

    def watch(
        self,
        wanted: Filter = EVERYTHING,
        *,
        since: str = "",
        present: bool = True,
    ) -> AsyncGenerator[Happening, None]:
        """
        Be told what happens to jobs, without an end.

        First come the jobs that there are, L{Present}, and L{Current} behind
        them, then each change, L{Changed}, once and in order, whatever happens
        to connections.

        @param wanted: Which jobs.  That they leave the states that are wanted
            is told, too.  Where any state is, of the jobs that there are come
            only those that have not ended.

        @param since: The token of what was told last, to go on behind it.

        @param present: Whether to begin with the jobs that there are, where
            there is no token.
        """
        outlook = outlookOn(wanted, since, present)
        watcher = AsyncJobWatcher(self._pool.borrow, outlook, self.explain, self._sleep)
        return watcher.happenings()

    async def resolve(self, text: str) -> str:
        """
        Find the id of a job by that id, the first characters of it, or the
        name of the job.

        A name means the newest job of that name that runs, or if none runs the
        newest.  A server of the original kind knows whole ids only.
        """
        resolution = resolving(text)
        try:
            question = next(resolution)
            while True:
                question = resolution.send(await self._ask(question))
        except StopIteration as found:
            return str(found.value)

    async def _paged(self, pages: Pages) -> AsyncGenerator[JobStatus, None]:
        """
        Fetch pages as jobs are taken.
        """
        while (question := pages.next()) is not None:
            for status in pages.take(await self._ask(question)):
                yield status
