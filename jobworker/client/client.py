"""
The client: what can be asked of a job worker.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from types import TracebackType

from attrs import define

from ..specification import NOTHING, Specification
from .caller import Caller
from .happenings import Happening
from .job import Job
from .listing import Pages, isWhole, requestFor, resolving
from .outlook import outlookOn
from .questions import informing, starting
from .target import Target
from .values import JobStatus, ServerInfo, State
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

    def watch(
        self,
        states: Sequence[State] = (),
        *,
        owner: str = "",
        after: int | None = None,
        before: int | None = None,
        prefix: str = "",
        since: str = "",
        present: bool = True,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Generator[Happening, None, None]:
        """
        Be told what happens to jobs, without an end.

        First come the jobs that there are, L{Present}, and L{Current} behind
        them, then each change, L{Changed}, once and in order, whatever happens
        to connections.

        @param states: The states that jobs may be in; that they leave these is
            told, too.  None: any, but of the jobs that there are only those
            that have not ended.

        @param owner: The subject whose jobs are wanted; empty for all.

        @param after: When they were started at the earliest: nanoseconds since
            the epoch.

        @param before: The time before which they were started.

        @param prefix: What their ids begin with.

        @param since: The token of what was told last, to go on behind it.

        @param present: Whether to begin with the jobs that there are, where
            there is no token.

        @param sleep: Waits for so many seconds before another attempt.
        """
        jobs = requestFor(states, owner, after, before, prefix)
        outlook = outlookOn(jobs, since, present)
        return JobWatcher(self.connect, outlook, self.explain, sleep).happenings()

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
