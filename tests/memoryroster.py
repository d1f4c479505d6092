"""
A roster without processes, for tests: what its commands do stands in a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import count
from signal import SIGKILL
from typing import Final
from uuid import uuid4

from zope.interface import implementer

from attrs import define, evolve, field

from twisted.internet.defer import Deferred, execute, fail, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from jobworker.changes import Changes, JournalPlace, Kind, kindOf
from jobworker.description import Description, Tally
from jobworker.errors import (
    KeyTaken,
    LaunchFailed,
    NoSuchJob,
    NotRunning,
    ShuttingDown,
    StillRunning,
    StopIgnored,
)
from jobworker.interfaces.roster import IRoster, IRosterListener
from jobworker.jobs import Command, Manner, Phase, ProcessIdentity, Record, Status, Stop
from jobworker.life import CommandExited, Drained, Event, StopRequested, advance
from jobworker.milestones import Milestone
from jobworker.queries import Page, Query
from jobworker.roster.audience import Audience
from jobworker.specification import NOTHING
from tests.jobscripts import Script
from tests.memoryjournal import Journal

#: Seconds that a command is given to leave when no grace was set.
PATIENCE: Final = 1.0


@define(eq=False)
class _Life:
    """
    A job, and those who wait for its end.
    """

    record: Record
    script: Script
    ended: Milestone[Record] = field(factory=Milestone)


@implementer(IRoster)
@define(eq=False)
class MemoryRoster:
    """
    Jobs that are nothing but their records.

    Nothing happens to them but when the clock passes time.

    @ivar scripts: What commands do; others cannot be started.
    @ivar refusal: While this is set, nothing is started, and this is why.
    @ivar description: What is said of this process.
    @ivar tally: What is said to have been counted.
    @ivar journal: What has happened.
    @ivar _audience: Those who are told.
    """

    _clock: IReactorTime
    scripts: Mapping[Command, Script] = field(factory=dict)
    refusal: Exception | None = None
    description: Description = field(factory=lambda: Description("memory"))
    tally: Tally = field(factory=lambda: Tally(kept=1))
    journal: Journal = field(factory=Journal)
    _audience: Audience = field(factory=Audience, init=False)
    _lives: dict[str, _Life] = field(factory=dict, init=False)
    _calls: list[IDelayedCall] = field(factory=list, init=False)
    _pids: Callable[[], int] = field(factory=lambda: count(1000).__next__, init=False)

    @property
    def followed(self) -> Counter[str]:
        """
        How often each job is followed.
        """
        return self._audience.followed

    def start(self, command: Command, owner: str) -> Deferred[Record]:
        """
        Start a job, if there is a script for it.
        """
        if self.refusal is not None:
            return fail(self.refusal)
        key = command.specification.key
        for life in list(self._lives.values()):
            known = life.record
            if key and (known.owner, known.command.specification.key) == (owner, key):
                same = known.command == command
                return succeed(known) if same else fail(KeyTaken(key))
        # Nothing else that is asked for makes a difference here.
        plain = evolve(command, specification=NOTHING)
        script = self.scripts.get(plain, Script(refusal="command not found"))
        if script.refusal is not None:
            return fail(LaunchFailed(script.refusal))
        process = ProcessIdentity(self._pids(), 1, "memory")
        record = Record(str(uuid4()), command, owner, process, self._now())
        self.put(record, script)
        if script.status is not None:
            self._later(script.after, self._exit, record.identifier, script.status)
        if script.writes is not None:
            self._later(script.writes, self._write, record.identifier)
        return succeed(record)

    def stop(self, identifier: str, by: str, manner: Manner) -> Deferred[Record]:
        """
        End a job, as its script lets it.
        """
        life = self._lives.get(identifier)
        if life is None:
            return fail(NoSuchJob(identifier))
        if life.record.phase is Phase.ENDED:
            return fail(NotRunning(identifier))
        answer = life.ended.wait()
        if life.record.phase is Phase.DRAINING:
            self._later(0, self._drain, identifier)
            return answer
        self._happen(identifier, StopRequested(Stop(by, manner, self._now())))
        status = life.script.answer(manner.signal)
        if status is not None:
            self._later(0, self._exit, identifier, status)
        elif manner.grace is not None:
            killed = Status(signal=SIGKILL)
            self._later(manner.grace, self._exit, identifier, killed)
        else:

            def ignored(_: object, seconds: float) -> Record:
                raise StopIgnored(identifier, seconds)

            answer.addTimeout(PATIENCE, self._clock, ignored)
        return answer

    def signal(
        self,
        identifier: str,
        by: str,
        number: int,
    ) -> Deferred[Record]:
        """
        Have a job get a signal, as its script lets it.
        """
        life = self._lives.get(identifier)
        if life is None:
            return fail(NoSuchJob(identifier))
        if life.record.phase is Phase.ENDED:
            return fail(NotRunning(identifier))
        status = life.script.answer(number)
        if status is not None:
            self._later(0, self._exit, identifier, status)
        return succeed(life.record)

    def describe(self) -> Deferred[Description]:
        """
        Say what was set.
        """
        return succeed(self.description)

    def measure(self) -> Deferred[Tally]:
        """
        Say what was set.
        """
        return succeed(self.tally)

    def find(self, identifier: str) -> Deferred[Record]:
        """
        Look up a job.
        """
        if identifier not in self._lives:
            return fail(NoSuchJob(identifier))
        return succeed(self._lives[identifier].record)

    def search(self, query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """
        records = (life.record for life in self._lives.values())
        return succeed(self.journal.search(query, records))

    def changes(self, since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.
        """
        return execute(self.journal.read, since, limit)

    def delete(self, identifier: str) -> Deferred[None]:
        """
        Forget a job that has ended.
        """
        if identifier not in self._lives:
            return fail(NoSuchJob(identifier))
        if self._lives[identifier].record.phase is not Phase.ENDED:
            return fail(StillRunning(identifier))
        record = self._lives.pop(identifier).record
        self.journal.write(Kind.DELETED, record, self._now())
        self._audience.jobForgotten(identifier)
        return succeed(None)

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
        for life in list(self._lives.values()):
            if life.record.phase is not Phase.ENDED:
                listener.jobChanged(life.record)
        return succeed(None)

    def unsubscribe(self, listener: IRosterListener) -> None:
        """
        Tell a listener nothing more.
        """
        self._audience.remove(listener)

    def put(self, record: Record, script: Script | None = None) -> None:
        """
        Let there be a job, or let it have changed in any way whatever.
        """
        life = self._lives.get(record.identifier)
        if life is None:
            life = _Life(record, script or Script())
            self._lives[record.identifier] = life
            kind = Kind.STARTED
        else:
            kind = kindOf(record)
        life.record = record
        self.journal.write(kind, record, self._now())
        self._audience.jobChanged(record)
        if record.phase is Phase.ENDED and not life.ended.reached:
            life.ended.reach(record)

    def grow(self, identifier: str) -> None:
        """
        Let the log of a job have become longer.
        """
        self._audience.logGrew(identifier)

    def close(self) -> None:
        """
        Let nothing happen any more.
        """
        self.refusal = ShuttingDown()
        for call in self._calls:
            if call.active():
                call.cancel()

    def _happen(self, identifier: str, event: Event) -> None:
        self.put(advance(self._lives[identifier].record, event))

    def _exit(self, identifier: str, status: Status) -> None:
        """
        Let the command leave, unless it already has.
        """
        life = self._lives.get(identifier)
        if life is None or life.record.phase is not Phase.RUNNING:
            return
        self._happen(identifier, CommandExited(status))
        leaves = life.script.leaves if life.record.stop is None else 0.0
        self._later(leaves, self._drain, identifier)

    def _drain(self, identifier: str) -> None:
        """
        Let the job have ended, unless it already has.
        """
        life = self._lives.get(identifier)
        if life is not None and life.record.phase is Phase.DRAINING:
            self.grow(identifier)
            self._happen(identifier, Drained(self._now()))

    def _write(self, identifier: str) -> None:
        """
        Let the command write, while it runs, again and again.
        """
        life = self._lives.get(identifier)
        if life is None or life.record.phase is not Phase.RUNNING:
            return
        self.grow(identifier)
        if life.script.writes is not None:
            self._later(life.script.writes, self._write, identifier)

    def _later(self, seconds: float, what: Callable[..., None], *how: object) -> None:
        self._calls = [call for call in self._calls if call.active()]
        self._calls.append(self._clock.callLater(seconds, what, *how))

    def _now(self) -> int:
        return int(self._clock.seconds() * 1e9)
