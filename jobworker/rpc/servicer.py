"""
What each method of the service does, once it is known who calls.

Nothing here knows gRPC: requests and answers are messages, failures are
exceptions.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from attrs import define

from twisted.internet.defer import Deferred

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from ..description import Description, Limit
from ..errors import NoSuchJob, RosterUnreachable
from ..interfaces.roster import IRoster
from ..jobs import Record
from .board import Board
from .bridge import IAsking
from .describing import describe, describeWholly
from .gate import Gate
from .informing import infoOf
from .listing import listOf, parseQuery
from .parsing import parseCommand, parseJob, parseManner, parseSignal

#: Finds the job that a request names, if the caller may use a method on it.
Finding: TypeAlias = Callable[[pb.Job, Caller, str], Awaitable[Record]]


@define(eq=False)
class Servicer:
    """
    The methods that are answered once.

    @ivar _patience: Seconds that the roster is given to answer.
    @ivar _limits: What the gateway says of its own limits.
    """

    _gate: Gate
    _board: Board
    _bridge: IAsking
    _roster: IRoster
    _patience: float
    _limits: tuple[Limit, ...] = ()

    async def startJob(self, request: pb.Command, caller: Caller) -> pb.Job:
        """
        Start a process.
        """
        command = parseCommand(request)
        self._gate.require(caller, "StartJob", caller.subject, command)

        def start() -> Deferred[Record]:
            return self._roster.start(command, caller.subject)

        # A start that is under way is not broken off when the caller leaves.
        record = await self._bridge.ask(start, self._patience, cancels=False)
        self._gate.accounts.started(record.identifier)
        return pb.Job(id=record.identifier)

    async def stopJob(self, request: pb.StopRequest, caller: Caller) -> pb.JobStatus:
        """
        Ask a job to end, and wait until it has.
        """
        parseManner(request)
        record = await self.find(request.job, caller, "StopJob")
        manner = parseManner(request, record.command)

        def stop() -> Deferred[Record]:
            return self._roster.stop(record.identifier, caller.subject, manner)

        patience = self._patience + (manner.grace or 0)
        return describe(await self._bridge.ask(stop, patience))

    async def queryJob(self, request: pb.Job, caller: Caller) -> pb.JobStatus:
        """
        Say what is known of a job.
        """
        return describeWholly(await self.find(request, caller, "QueryJob"))

    async def deleteJob(self, request: pb.Job, caller: Caller) -> pb.Deleted:
        """
        Forget a job that has ended.
        """
        record = await self.find(request, caller, "DeleteJob")

        def delete() -> Deferred[None]:
            return self._roster.delete(record.identifier)

        await self._bridge.ask(delete, self._patience, cancels=False)
        self._board.forget(record.identifier)
        return pb.Deleted()

    async def signalJob(
        self, request: pb.SignalRequest, caller: Caller
    ) -> pb.JobStatus:
        """
        Send a signal to a job.
        """
        number = parseSignal(request)
        record = await self.find(request.job, caller, "SignalJob")

        def signal() -> Deferred[Record]:
            return self._roster.signal(record.identifier, caller.subject, number)

        return describe(await self._bridge.ask(signal, self._patience, cancels=False))

    async def getServerInfo(
        self,
        request: pb.InfoRequest,  # noqa: ARG002 - there is nothing in it
        caller: Caller,
    ) -> pb.ServerInfo:
        """
        Say what the server is, also while its supervisor is out of reach.
        """
        self._gate.require(caller, "GetServerInfo", caller.subject)
        supervisor: Description | str
        try:
            supervisor = await self._bridge.ask(self._roster.describe, self._patience)
        except RosterUnreachable as error:
            supervisor = str(error)
        return infoOf(self._limits, supervisor)

    async def listJobs(self, request: pb.ListRequest, caller: Caller) -> pb.JobList:
        """
        Find jobs, the newest first.
        """
        self._gate.require(caller, "ListJobs", request.owner)
        query = parseQuery(request)
        return listOf(
            await self._bridge.ask(lambda: self._roster.search(query), self._patience)
        )

    async def waitJob(self, request: pb.Job, caller: Caller) -> pb.JobStatus:
        """
        Wait for a job to end.
        """
        record = await self.find(request, caller, "WaitJob")
        with self._gate.follower(caller):
            return describe(await self._board.whenEnded(record))

    async def find(self, job: pb.Job, caller: Caller, method: str) -> Record:
        """
        Find the job that a request names, if the caller may use a method on
        it.

        @raise NoSuchJob: If there is none, and the caller may know that.

        @raise Denied: If there is none, or it is not the caller's.
        """
        self._gate.accounts.about(job.id[:64])
        try:
            record = await self._board.find(parseJob(job))
        except NoSuchJob:
            if self._gate.mayKnow(caller):
                raise
            raise self._gate.notYours(caller, method) from None
        self._gate.require(caller, method, record.owner)
        return record
