"""
The client for a reactor: what can be asked of a job worker.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from attrs import define

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads

from ..client.aio.client import AsyncClient
from ..client.happenings import Happening
from ..client.values import JobStatus, ServerInfo, State
from ..specification import NOTHING, Specification
from .caller import TwistedCaller
from .job import TwistedJob


@define(eq=False)
class TwistedClient(TwistedCaller):
    """
    A caller of one server, who starts jobs and finds them.
    """

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

    def start(
        self, command: Sequence[str], specification: Specification = NOTHING
    ) -> Deferred[TwistedJob]:
        """
        Start a job.

        @param command: The program and its arguments.

        @param specification: What the job shall have beside its command.  A
            server of the original kind ignores it.
        """

        async def start() -> TwistedJob:
            """
            Start it in the loop.
            """
            job = await self._client.start(command, specification)
            return TwistedJob(self, job.identifier)

        return self._loop.run(start())

    def job(self, start: str) -> Deferred[TwistedJob]:
        """
        Find a job by its id or the first characters of it.
        """
        return self.resolve(start).addCallback(
            lambda identifier: TwistedJob(self, identifier)
        )

    def info(self) -> Deferred[ServerInfo]:
        """
        Find out about the server.
        """
        return self._loop.run(self._client.info())

    def jobs(
        self,
        states: Sequence[State] = (),
        *,
        owner: str = "",
        after: int | None = None,
        before: int | None = None,
        prefix: str = "",
        limit: int | None = None,
    ) -> Deferred[Sequence[JobStatus]]:
        """
        Find jobs, the newest first.

        @param states: The states that they may be in; none means any.

        @param owner: The subject whose jobs are wanted; empty for all.

        @param after: When they were started at the earliest: nanoseconds since
            the epoch.

        @param before: The time before which they were started.

        @param prefix: What their ids begin with.

        @param limit: How many are wanted at most.
        """

        async def find() -> Sequence[JobStatus]:
            """
            Fetch all of them.
            """
            found = self._client.jobs(
                states,
                owner=owner,
                after=after,
                before=before,
                prefix=prefix,
                limit=limit,
            )
            return [status async for status in found]

        return self._loop.run(find())

    def watch(
        self,
        received: Callable[[Happening], object],
        states: Sequence[State] = (),
        *,
        owner: str = "",
        after: int | None = None,
        before: int | None = None,
        prefix: str = "",
        since: str = "",
        present: bool = True,
    ) -> Deferred[Happening]:
        """
        Be told what happens to jobs, whatever happens to connections; see
        L{AsyncClient.watch}.

        @param received: Takes what happens.  If it returns a Deferred, nothing
            more is fetched before that has fired; if it fails, so does the
            watching.

        @return: A Deferred that never fires, but may fail, and ends the watching
            when it is cancelled.
        """
        begin = partial(
            self._client.watch,
            states,
            owner=owner,
            after=after,
            before=before,
            prefix=prefix,
            since=since,
            present=present,
        )
        return self._loop.hear(begin, received)

    def resolve(self, start: str) -> Deferred[str]:
        """
        Find the id of a job by its first characters.
        """
        return self._loop.run(self._client.resolve(start))
