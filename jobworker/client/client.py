"""
The client: what can be asked of a job worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final

from attrs import define

from ..api import worker_pb2 as wire
from ..specification import NOTHING, Specification
from .caller import Caller
from .job import Job
from .listing import pages, requestFor, whole
from .specifying import commandOf
from .translation import infoOf
from .values import JobStatus, ServerInfo, State

#: The remedy where a start was not answered.
_PERHAPS: Final = "the job may have been started all the same"

#: The same for a start with a key.
_AGAIN: Final = "start it again with the same key; that makes no second job"


@define(eq=False)
class Client(Caller):
    """
    A caller of one server, who starts jobs and finds them.
    """

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
        request = commandOf(command, specification)
        return Job(
            self,
            self._ask(
                lambda connection: connection.startJob(request).id,
                unsure=_AGAIN if specification.key else _PERHAPS,
            ),
        )

    def job(self, start: str) -> Job:
        """
        Find a job by its id or the first characters of it.
        """
        return Job(self, self.resolve(start))

    def info(self) -> ServerInfo:
        """
        Find out about the server.
        """
        return self._ask(lambda connection: infoOf(connection.getServerInfo()))

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
        request = requestFor(states, owner, after, before, prefix)
        return pages(request, limit, self._listJobs)

    def resolve(self, start: str) -> str:
        """
        Find the id of a job by its first characters.
        """
        return whole(start, self._listJobs)

    def _listJobs(self, request: wire.ListRequest) -> wire.JobList:
        return self._ask(lambda connection: connection.listJobs(request))
