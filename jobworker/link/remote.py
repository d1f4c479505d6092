"""
The roster of another process, as a gateway sees it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint

from ..api import supervisor_pb2 as pb
from ..changes import Changes, JournalPlace
from ..description import Description, Tally
from ..errors import LaunchFailed, RosterUnreachable, TooOld
from ..interfaces.roster import IRoster, IRosterListener
from ..jobs import Command, Manner, Record
from ..milestones import Milestone
from ..queries import Page, Query
from . import asking
from .abilities import (
    DESCRIBING,
    JOURNALING,
    MEASURING,
    SIGNALING,
    Ability,
    neededToSearch,
    neededToStart,
)
from .answering import Result
from .calling import Call
from .greeting import Greeting, ourGreeting
from .hearing import hear, insist, recall
from .known import KnownJobs
from .line import Line
from .resuming import Resuming

# The jobs that have ended of which the end is remembered.
_REMEMBERED: Final = 2_000


@implementer(IRoster, IRosterListener)
@define(eq=False)
class RemoteRoster:
    """
    Jobs that another process runs.

    It connects again whenever the connection is lost.  Meanwhile nothing can
    be started, stopped or deleted, but what is remembered can be found.

    @ivar _synced: Reached when it has told of all jobs for the first time.
    """

    _clock: IReactorTime
    _endpoint: IStreamClientEndpoint
    _greeting: Greeting = field(factory=ourGreeting)
    _now: Callable[[], int] = time.time_ns
    _known: KnownJobs = field(factory=lambda: KnownJobs(_REMEMBERED))
    _listeners: list[IRosterListener] = field(factory=list, init=False)
    _followed: Counter[str] = field(factory=Counter, init=False)
    _synced: Milestone[None] = field(factory=Milestone, init=False)
    _line: Line = field(init=False)

    def __attrs_post_init__(self) -> None:
        resuming = Resuming(self._known, self._followed, self, self._now)
        self._line = Line(
            self._clock,
            self._endpoint,
            lambda: Call(self._clock, self._greeting, self),
            resuming.attend,
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
        needed = neededToStart(command)
        try:
            starting = self._ask(asking.start(command, owner), "started", needed)
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
        return self._ask(request, "", (SIGNALING,)).addCallback(insist(Record))

    def describe(self) -> Deferred[Description]:
        """
        Ask the supervisor what there is to be said of it; an older one has
        said little in its greeting.
        """
        theirs = self.supervisor
        if theirs is not None and not theirs.can(DESCRIBING):
            return succeed(Description(theirs.package))
        return self._ask(asking.describe()).addCallback(insist(Description))

    def measure(self) -> Deferred[Tally]:
        """
        Ask the supervisor what it has counted.
        """
        measuring = self._ask(asking.measure(), "", (MEASURING,))
        return measuring.addCallback(insist(Tally))

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find jobs there.
        """
        searching = self._ask(asking.search(query), "", neededToSearch(query))
        return searching.addCallback(insist(Page))

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs there.
        """
        reading = self._ask(asking.changes(since, limit), "", (JOURNALING,))
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

    def _ask(
        self, request: pb.Request, done: str = "", needed: Sequence[Ability] = ()
    ) -> Deferred[Result]:
        """
        Ask the supervisor, if it can do that.

        @param done: What may have happened to the job though no answer came.

        @param needed: What it must be able to do.
        """
        call = self._line.call
        if call is None or call.theirs is None:
            return fail(RosterUnreachable(self._line.why))
        for ability in needed:
            if not call.theirs.can(ability):
                return fail(TooOld(ability.what, call.theirs.package))
        return Deferred.fromCoroutine(hear(call.ask(request), done))

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
