"""
The client: what can be asked of a job worker.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType

from attrs import define

from ..specification import NOTHING, Specification
from .caller import Caller
from .job import Job
from .listing import Pages, isWhole, requestFor, resolving
from .questions import informing, starting
from .target import Target
from .values import JobStatus, ServerInfo, State


@define(eq=False)
class Client(Caller):
    """
    A caller of one server, who starts jobs and finds them.
    """

    @classmethod
    def fromContext(
        cls,
        name: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Client:
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

    def __enter__(self) -> Client:
        """
        Use the client for a while.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        Disconnect.
        """
        self.close()

    def start(
        self, command: Sequence[str], specification: Specification = NOTHING
    ) -> Job:
        """
        Start a job.

        @param command: The program and its arguments.

        @param specification: What the job shall have beside its command.  A
            server of the original kind ignores it.
        """
        return Job(self, self._ask(starting(command, specification)))

    def job(self, start: str) -> Job:
        """
        Find a job by its id or the first characters of it.
        """
        return Job(self, self.resolve(start))

    def info(self) -> ServerInfo:
        """
        Find out about the server.
        """
        return self._ask(informing())

    def jobs(
        self,
        states: Sequence[State] = (),
        *,
        owner: str = "",
        after: int | None = None,
        before: int | None = None,
        prefix: str = "",
        limit: int | None = None,
    ) -> Iterator[JobStatus]:
        """
        Find jobs, the newest first.  They are fetched as they are taken.

        @param states: The states that they may be in; none means any.

        @param owner: The subject whose jobs are wanted; empty for all.

        @param after: When they were started at the earliest: nanoseconds since
            the epoch.

        @param before: The time before which they were started.

        @param prefix: What their ids begin with.

        @param limit: How many are wanted at most.
        """
        pages = Pages(requestFor(states, owner, after, before, prefix), limit)
        return self._paged(pages)

    def resolve(self, start: str) -> str:
        """
        Find the id of a job by its first characters.
        """
        return start if isWhole(start) else self._ask(resolving(start))

    def _paged(self, pages: Pages) -> Iterator[JobStatus]:
        """
        Fetch pages as jobs are taken.
        """
        while (question := pages.next()) is not None:
            yield from pages.take(self._ask(question))
