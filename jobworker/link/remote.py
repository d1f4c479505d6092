"""
The roster of another process, as a gateway sees it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger

from ..api import supervisor_pb2 as pb
from ..changes import Changes, JournalPlace
from ..crashing import crashPoint
from ..description import Description, Tally
from ..errors import (
    LaunchFailed,
    NoSuchJob,
    RosterUnreachable,
    ShuttingDown,
    TableDamaged,
    TooOld,
)
from ..interfaces.roster import IRoster, IRosterListener
from ..jobs import Command, Manner, Record
from ..milestones import Milestone
from ..queries import Page, Query
from ..specification import NOTHING
from . import asking
from .calling import Call, Result
from .failing import SupervisorFailed
from .greeting import SPECIFICATION, Greeting, ourGreeting
from .hearing import hear, insist, recall, vanished
from .known import KnownJobs
from .line import Line

# The jobs that have ended of which the end is remembered.
_REMEMBERED: Final = 2_000


@implementer(IRoster, IRosterListener)
@define(eq=False)
class RemoteRoster:
    """
    Jobs that another process runs.

    It connects again whenever the connection is lost.  Meanwhile nothing can
    be started, stopped or deleted, but what is remembered can be found.

    @ivar _told: The jobs that the supervisor has told of on this connection.
    @ivar _synced: Reached when it has told of all jobs for the first time.
    """

    log = Logger()

    _clock: IReactorTime
    _endpoint: IStreamClientEndpoint
    _greeting: Greeting = field(factory=ourGreeting)
    _now: Callable[[], int] = time.time_ns
    _known: KnownJobs = field(factory=lambda: KnownJobs(_REMEMBERED))
    _listeners: list[IRosterListener] = field(factory=list, init=False)
    _followed: Counter[str] = field(factory=Counter, init=False)
    _told: set[str] = field(factory=set, init=False)
    _synced: Milestone[None] = field(factory=Milestone, init=False)
    _line: Line = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._line = Line(
            self._clock,
            self._endpoint,
            lambda: Call(self._clock, self._greeting, self),
            self._attend,
            self._wake,
        )

    def open(self) -> None:
        """
        Begin to connect.
        """
        self._line.open()

    def whenReady(self) -> Deferred[None]:
        """
        Wait until the supervisor has told of the jobs that it runs.

        @raise BadConfiguration: (asynchronously) If one side refused, or there
            is no supervisor and none could be started.
        """
        return self._line.whenReady()

    def close(self) -> Deferred[None]:
        """
        Disconnect for good.

        @return: A L{Deferred} firing when nothing of this is left.
        """
        return self._line.close()

    @property
    def connected(self) -> bool:
        """
        Whether the supervisor can be asked just now.
        """
        return self._line.call is not None

    @property
    def supervisor(self) -> Greeting | None:
        """
        What the supervisor said of itself, if it can be asked just now.
        """
        call = self._line.call
        return None if call is None else call.theirs

    def start(self, command: Command, owner: str) -> Deferred[Record]:
        """
        Start a job there, if it gets all that it asks for.
        """
        theirs, wanted = self.supervisor, command.specification
        if theirs is not None and wanted != NOTHING:
            if SPECIFICATION not in theirs.capabilities:
                what = "give a job what it asks for beside its command"
                return fail(TooOld(what, theirs.package))
            if wanted.user and "users" not in theirs.capabilities:
                what = "start a job as another user"
                return fail(TooOld(what, theirs.package))
        try:
            starting = self._ask(asking.start(command, owner), "started")
            return starting.addCallback(insist(Record))
        except ValueError:
            return fail(LaunchFailed("the command line is too long"))

    def stop(self, identifier: str, by: str, manner: Manner) -> Deferred[Record]:
        """
        End a job there.
        """
        stopping = self._ask(asking.stop(identifier, by, manner), "stopped")
        return stopping.addCallback(insist(Record))

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job there, or in memory while it cannot be asked.
        """
        finding = self._ask(asking.find(identifier)).addCallback(insist(Record))
        return Deferred.fromCoroutine(
            recall(finding, lambda: self._known.find(identifier))
        )

    def signal(self, identifier: str, by: str, number: int) -> Deferred[Record]:
        """
        Have a job there get a signal.
        """
        request = asking.signal(identifier, by, number)
        signaling = self._askNew("signal", "signal jobs", request)
        return signaling.addCallback(insist(Record))

    def describe(self) -> Deferred[Description]:
        """
        Ask the supervisor what there is to be said of it; an older one has
        said little in its greeting.
        """
        theirs = self.supervisor
        if theirs is not None and "describe" not in theirs.capabilities:
            return succeed(Description(theirs.package))
        return self._ask(asking.describe()).addCallback(insist(Description))

    def measure(self) -> Deferred[Tally]:
        """
        Ask the supervisor what it has counted.
        """
        measuring = self._askNew("measure", "count jobs", asking.measure())
        return measuring.addCallback(insist(Tally))

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find jobs there.
        """
        can, what = "search", "list jobs"
        if query.labels or query.name is not None:
            can, what = "filters", "find jobs by label or name"
        request = asking.search(query)
        return self._askNew(can, what, request).addCallback(insist(Page))

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs there.
        """
        request = asking.changes(since, limit)
        reading = self._askNew("changes", "tell of changes", request)
        return reading.addCallback(insist(Changes))

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job, there and here.
        """

        def deleted(_: object) -> None:
            self._known.forget(identifier)

        deleting = self._ask(asking.delete(identifier), "deleted")
        return deleting.addCallback(deleted)

    def follow(self, identifier: str) -> None:
        """
        Have listeners told of growths; the supervisor is asked once for all.
        """
        self._followed[identifier] += 1
        if self._line.call is not None and self._followed[identifier] == 1:
            self._line.call.tell(asking.follow(identifier))

    def unfollow(self, identifier: str) -> None:
        """
        Take back one L{follow}.
        """
        self._followed[identifier] -= 1
        if self._followed[identifier] > 0:
            return
        del self._followed[identifier]
        if self._line.call is not None:
            self._line.call.tell(asking.unfollow(identifier))

    def subscribe(self, listener: IRosterListener) -> Deferred[None]:
        """
        Tell a listener of everything from now on.

        @return: A L{Deferred} firing when the supervisor has been asked once.
        """
        self._listeners.append(listener)
        for record in self._known.unended():
            listener.jobChanged(record)
        return self._synced.wait()

    def unsubscribe(self, listener: IRosterListener) -> None:
        """
        Tell a listener nothing more.
        """
        self._listeners.remove(listener)

    def jobChanged(self, record: Record) -> None:
        """
        The supervisor has told of a job.
        """
        self._told.add(record.identifier)
        if self._known.learn(record):
            for listener in tuple(self._listeners):
                listener.jobChanged(record)

    def jobForgotten(self, identifier: str | None) -> None:
        """
        The supervisor has deleted a job.
        """
        self._known.forget(identifier)
        for listener in tuple(self._listeners):
            listener.jobForgotten(identifier)

    def logGrew(self, identifier: str) -> None:
        """
        The supervisor has told of a log.
        """
        if identifier in self._followed:
            for listener in tuple(self._listeners):
                listener.logGrew(identifier)

    def journalGrew(self) -> None:
        """
        The supervisor has told of more changes.
        """
        for listener in tuple(self._listeners):
            listener.journalGrew()

    def _ask(self, request: pb.Request, done: str = "") -> Deferred[Result]:
        """
        Ask the supervisor.

        @param done: What may have happened to the job though no answer came.
        """
        call = self._line.call
        if call is None:
            return fail(RosterUnreachable(self._line.why))
        return Deferred.fromCoroutine(hear(call.ask(request), done))

    def _askNew(
        self, capability: str, what: str, request: pb.Request
    ) -> Deferred[Result]:
        """
        Ask the supervisor, if it can do that.

        @param what: What that is, in words.
        """
        theirs = self.supervisor
        if theirs is not None and capability not in theirs.capabilities:
            return fail(TooOld(what, theirs.package))
        return self._ask(request)

    def _wake(self) -> None:
        """
        The connection was made or lost: have everybody who follows a log look
        at the disk, and everybody who reads the journal ask again, as nobody
        tells what happens without one.
        """
        self.journalGrew()
        for identifier in tuple(self._followed):
            self.logGrew(identifier)
        if self.connected and not self._synced.reached:
            self._synced.reach(None)

    async def _attend(self, call: Call) -> None:
        """
        Take up a new connection: hear of all jobs, and of those that have
        ended since the last one.
        """
        crashPoint("gateway-connected")
        self._told.clear()
        # Nobody tells which were deleted meanwhile.
        self.jobForgotten(None)
        subscribed = call.ask(pb.Request(subscribe=pb.Subscribe()))
        followed = frozenset(self._followed)
        for identifier in followed:
            call.tell(asking.follow(identifier))
        await subscribed
        for record in self._known.unended():
            if record.identifier not in self._told:
                await self._catchUp(call, record)
        for identifier in self._followed.keys() - followed:
            call.tell(asking.follow(identifier))
        for identifier in followed - self._followed.keys():
            call.tell(asking.unfollow(identifier))
        crashPoint("gateway-caught-up")
        self._told.clear()

    async def _catchUp(self, call: Call, known: Record) -> None:
        """
        Find out what became of a job that was running and is no longer.
        """
        asked = call.ask(asking.find(known.identifier))
        try:
            self.jobChanged(insist(Record)(await asked))
        except NoSuchJob:
            self.jobChanged(vanished(known, self._now()))
            self.jobForgotten(known.identifier)
        except (SupervisorFailed, ShuttingDown, TableDamaged):
            self.log.failure("while asking for job {job}", job=known.identifier)
