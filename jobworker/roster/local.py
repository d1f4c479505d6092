"""
The roster of the jobs that this process runs itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import uuid4

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, execute, fail, gatherResults, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from ..changes import Changes, JournalPlace
from ..description import Description, Tally
from ..errors import NotRunning, StillRunning
from ..interfaces.launchers import IJobHandle, ILauncher
from ..interfaces.logs import IJobLog, ILogKeeper, ILogListener
from ..interfaces.roster import IRoster, IRosterListener
from ..interfaces.store import IJobStore
from ..jobs import Command, Manner, Phase, Record, Stop
from ..queries import Page, Query
from ..recollection import Recollection
from .audience import Audience
from .course import Course
from .keys import Keys
from .launching import Launching
from .recovery import recover
from .standing import stand
from .starts import Starts

# Seconds that what a command leaves behind is given to close its output.
_LINGER: Final = 0.2

# Records of ended jobs that are kept at hand.
_RECENT: Final = 256


@implementer(IRoster, ILogListener)
@define(eq=False)
class LocalRoster:
    """
    Jobs, each with its course.

    @ivar _now: Says what time it is: nanoseconds since the epoch.
    @ivar _admit: Raises L{NoRoom} if no job shall start now.
    @ivar _linger: Seconds that what a command leaves behind is given to close
        its output.
    @ivar _elapsed: Seconds on a clock that nobody sets; that of C{_clock} if
        C{None}.
    @ivar description: What is to be said of this process.
    @ivar count: Finds out what has been counted.
    @ivar _courses: The jobs that have not ended.
    @ivar _recent: Records of the last that did.
    @ivar _audience: Those who are told.
    @ivar _starts: Starts that are in progress.
    """

    _clock: IReactorTime
    _now: Callable[[], int]
    _launcher: ILauncher
    _logs: ILogKeeper
    _store: IJobStore
    _admit: Callable[[], None] = lambda: None
    _linger: float = _LINGER
    _identify: Callable[[], str] = lambda: str(uuid4())
    _elapsed: Callable[[], float] | None = None
    description: Description = field(factory=Description)
    count: Callable[[], Deferred[Tally]] = field(default=lambda: succeed(Tally()))
    _courses: dict[str, Course] = field(factory=dict, init=False)
    _recent: Recollection = field(factory=lambda: Recollection(_RECENT), init=False)
    _audience: Audience = field(factory=Audience, init=False)
    _keys: Keys = field(init=False)
    _launching: Launching = field(init=False)
    _starts: Starts = field(factory=Starts, init=False)

    log = Logger()

    def __attrs_post_init__(self) -> None:
        self._keys = Keys(self._store)
        self._launching = Launching(self._now, self._launcher, self._logs, self._store)
        self._logs.subscribe(self)

    def recover(self) -> Deferred[None]:
        """
        Bring to an end what an earlier process left.  Call this before
        anything else.

        @raise StorageFailed: (asynchronously)
        """
        return stand(recover(self._now, self._launcher, self._logs, self._store))

    def start(self, command: Command, owner: str) -> Deferred[Record]:
        """
        Start a job.  It starts even if the Deferred is cancelled.
        """
        if command.specification.key:
            return stand(self._keys.startOnce(command, owner, self._start))
        return stand(self._start(command, owner))

    def stop(self, identifier: str, by: str, manner: Manner) -> Deferred[Record]:
        """
        End a job.
        """
        course = self._courses.get(identifier)
        if course is not None:
            return course.stop(Stop(by, manner, self._now()))

        return stand(self._refuse(identifier))

    def signal(self, identifier: str, by: str, number: int) -> Deferred[Record]:
        """
        Deliver a signal to the process group of a job.
        """
        course = self._courses.get(identifier)
        if course is None:
            return stand(self._refuse(identifier))
        self.log.info(
            "job {job} gets signal {signal} from {by!r}",
            job=identifier,
            signal=number,
            by=by,
        )
        return execute(course.signal, number)

    def describe(self) -> Deferred[Description]:
        """
        Say what this process can be relied upon for.
        """
        return succeed(self.description)

    def measure(self) -> Deferred[Tally]:
        """
        Say what has been counted.
        """
        return self.count()

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job.
        """
        if identifier in self._courses:
            return succeed(self._courses[identifier].record)
        known = self._recent.find(identifier)
        return self._store.find(identifier) if known is None else succeed(known)

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """
        return self._store.search(query)

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.
        """
        return self._store.changes(since, limit)

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job that has ended.
        """
        if identifier in self._courses:
            return fail(StillRunning(identifier))
        self._recent.forget(identifier)
        return stand(self._forget(identifier))

    def follow(self, identifier: str) -> None:
        """
        Have listeners told when the log of this job grows.
        """
        self._audience.follow(identifier)

    def unfollow(self, identifier: str) -> None:
        """
        Take back one L{follow}.
        """
        self._audience.unfollow(identifier)

    def subscribe(self, listener: IRosterListener) -> Deferred[None]:
        """
        Tell a listener of everything from now on.
        """
        self._audience.add(listener)
        for course in tuple(self._courses.values()):
            listener.jobChanged(course.record)
        return succeed(None)

    def unsubscribe(self, listener: IRosterListener) -> None:
        """
        Tell a listener nothing more.
        """
        self._audience.remove(listener)

    def stopAll(self, grace: float, reason: str) -> Deferred[None]:
        """
        End all jobs, and start no more.

        @param grace: Seconds until those are killed that do not leave.

        @param reason: Why, as it will stand in their records.

        @return: A L{Deferred} firing when all have ended and that is on disk.
        """
        return stand(self._stopAll(grace, reason))

    def close(self) -> Deferred[None]:
        """
        Start no more jobs.

        @return: A L{Deferred} firing when no start is in progress.
        """
        return self._starts.close()

    def running(self) -> int:
        """
        Count the jobs that have not ended.
        """
        return len(self._courses)

    def logGrew(self, identifier: str) -> None:
        """
        Tell of a growth, if the job is followed.
        """
        course = self._courses.get(identifier)
        if course is not None:
            course.grew()
        self._audience.logGrew(identifier)

    def _remember(self, record: Record) -> None:
        """
        Remember and tell what has become of a job.
        """
        if record.phase is Phase.ENDED:
            self._courses.pop(record.identifier, None)
            self._recent.keep(record)
        self._audience.jobChanged(record)

    async def _forget(self, identifier: str) -> None:
        """
        Forget a job that has ended, and tell.
        """
        await self._launching.forget(identifier)
        self._audience.jobForgotten(identifier)

    async def _refuse(self, identifier: str) -> Record:
        """
        Say why nothing can be done to a job that does not run.
        """
        await self.find(identifier)
        raise NotRunning(identifier)

    async def _start(self, command: Command, owner: str) -> Record:
        """
        Start a job, unless the service is ending or full.
        """
        with self._starts.one():
            self._admit()
            started = await self._launching.launch(self._identify(), command, owner)
            self._begin(*started)
            return started[0]

    def _begin(self, record: Record, handle: IJobHandle, log: IJobLog) -> None:
        """
        Tell of a new job and let it take its course.
        """
        course = Course(
            record,
            self._clock,
            self._now,
            handle,
            log,
            self._store,
            self._linger,
            self._remember,
            self._elapsed or self._clock.seconds,
        )
        self._courses[record.identifier] = course
        self._remember(record)
        Deferred.fromCoroutine(course.run()).addErrback(
            lambda failure: self.log.failure(
                "while job {job} ran", failure, job=record.identifier
            )
        )

    async def _stopAll(self, grace: float, reason: str) -> None:
        """
        End all jobs, those too that are being started.
        """
        await self.close()
        await gatherResults(
            course.stopFor(grace, reason) for course in tuple(self._courses.values())
        )
