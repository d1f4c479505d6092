"""
What a gateway does about a new connection before it asks anything for others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from twisted.logger import Logger

from ..api import supervisor_pb2 as pb
from ..crashing import crashPoint
from ..errors import NoSuchJob, ShuttingDown, TableDamaged
from ..interfaces.roster import IRosterListener
from ..jobs import Record
from . import asking
from .calling import Call
from .failing import SupervisorFailed
from .hearing import insist, vanished
from .known import KnownJobs


@frozen(eq=False)
class Resuming:
    """
    The taking up of connections.

    @ivar _known: The jobs that were told of on earlier ones.  Whoever listens
        enters there what is told on this one.
    @ivar _followed: The jobs that are followed.
    @ivar _listener: Told what has happened meanwhile.
    @ivar _now: Says what time it is: nanoseconds since the epoch.
    """

    log = Logger()

    _known: KnownJobs
    _followed: Mapping[str, int]
    _listener: IRosterListener
    _now: Callable[[], int]

    async def attend(self, call: Call) -> None:
        """
        Take up a new connection: hear of all jobs, and of those that have
        ended since the last one.
        """
        crashPoint("gateway-connected")
        self._known.doubt()
        # Nobody tells which were deleted meanwhile.
        self._listener.jobForgotten(None)
        subscribed = call.ask(pb.Request(subscribe=pb.Subscribe()))
        followed = frozenset(self._followed)
        for identifier in followed:
            call.tell(asking.follow(identifier))
        await subscribed
        for record in self._known.unended():
            if self._known.isDoubtful(record.identifier):
                await self._catchUp(call, record)
        for identifier in self._followed.keys() - followed:
            call.tell(asking.follow(identifier))
        for identifier in followed - self._followed.keys():
            call.tell(asking.unfollow(identifier))
        crashPoint("gateway-caught-up")

    async def _catchUp(self, call: Call, known: Record) -> None:
        """
        Find out what became of a job that was running and is no longer.
        """
        asked = call.ask(asking.find(known.identifier))
        try:
            self._listener.jobChanged(insist(Record)(await asked))
        except NoSuchJob:
            self._listener.jobChanged(vanished(known, self._now()))
            self._listener.jobForgotten(known.identifier)
        except (SupervisorFailed, ShuttingDown, TableDamaged):
            self.log.failure("while asking for job {job}", job=known.identifier)
