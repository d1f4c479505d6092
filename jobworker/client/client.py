"""
The client: what can be asked of a job worker.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from types import TracebackType

from attrs import define

from ..specification import NOTHING, Specification
from .caller import Caller
from .filters import EVERYTHING, Filter
from .happenings import Happening
from .job import Job
from .listing import Pages, requestFor
from .outlook import outlookOn
from .questions import informing, starting
from .resolving import resolving
from .target import Target
from .values import JobStatus, ServerInfo
from .watcher import JobWatcher


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

    def job(self, text: str) -> Job:
        """
        Find a job by its id, the first characters of it, or its name; see
        L{resolve}.
        """
        return Job(self, self.resolve(text))

    def info(self) -> ServerInfo:
        """
        Find out about the server.
        """
        return self._ask(informing())

    def jobs(
        self, wanted: Filter = EVERYTHING, *, limit: int | None = None
    ) -> Iterator[JobStatus]:
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
    ) -> Generator[Happening, None, None]:
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
        return JobWatcher(self.connect, outlook, self.explain, self._sleep).happenings()

    def resolve(self, text: str) -> str:
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
                question = resolution.send(self._ask(question))
        except StopIteration as found:
            return str(found.value)

    def _paged(self, pages: Pages) -> Iterator[JobStatus]:
        """
        Fetch pages as jobs are taken.
        """
        while (question := pages.next()) is not None:
            yield from pages.take(self._ask(question))
