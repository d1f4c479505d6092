"""
What happens to one job from its start to its end, and in which order.

Each change is on disk before anybody is told of it.  While the disk refuses,
the job goes on and is ended as ever, and what is to be told waits.
"""

from __future__ import annotations

from collections.abc import Callable
from signal import SIGKILL
from typing import Any, Final, NoReturn

from attrs import define, field

from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..crashing import crashPoint
from ..errors import NotRunning, StopIgnored, StorageFailed
from ..interfaces.launchers import IJobHandle
from ..interfaces.logs import IJobLog
from ..interfaces.store import IJobStore
from ..jobs import FORCED, Cause, Manner, Phase, Record, Stop, usual
from ..life import CommandExited, Drained, StopRequested, advance
from ..milestones import Milestone
from .deadlines import Deadlines

#: Seconds that a command is given to leave when no grace was set.
PATIENCE: Final = 1.0

# Seconds between the signal and the end where a time limit ends a job that
# does not say how long it needs.
_GRACE: Final = 5.0

# Seconds until a store that refused is asked again.
_RETRY: Final = 0.5

# Seconds in which a job may end altogether once its command has exited, before
# it is stored that this has; most do, and then one transaction does for both.
_MOMENT: Final = 0.02


@define(eq=False)
class Course:
    """
    The course of one job.

    @ivar record: The job as it is on disk.
    @ivar _latest: The job as it is.
    @ivar _linger: Seconds that what the command left behind is given to close
        the output.
    @ivar _changed: Called with each record once it is on disk.
    @ivar _elapsed: Seconds on a clock that nobody sets.
    @ivar _hurried: Whether what was left behind shall be killed at once.
    """

    record: Record
    _clock: IReactorTime
    _now: Callable[[], int]
    _handle: IJobHandle
    _log: IJobLog
    _store: IJobStore
    _linger: float
    _changed: Callable[[Record], None]
    _elapsed: Callable[[], float]
    _deadlines: Deadlines = field(init=False)
    _latest: Record = field(init=False)
    _hurried: Milestone[None] = field(factory=Milestone, init=False)
    _ended: Milestone[Record] = field(factory=Milestone, init=False)

    log = Logger()

    def __attrs_post_init__(self) -> None:
        self._latest = self.record
        wanted = self.record.command.specification
        self._deadlines = Deadlines(self._clock, self._elapsed, wanted, self._expire)

    async def run(self) -> None:
        """
        See the job through.
        """
        limit = self._log.whenOverQuota()
        limit.addCallbacks(self._exceed, _forgive)
        self._deadlines.start()
        status = await self._handle.whenExited()
        limit.cancel()
        self._deadlines.cancel()
        crashPoint("job-exited")
        self._latest = advance(self._latest, CommandExited(status, self._handle.usage))
        saving = self._clock.callLater(_MOMENT, self._saveSoon)
        await self._lingering()
        await self._handle.sweep()
        crashPoint("job-swept")
        await self._log.seal()
        crashPoint("job-sealed")
        if saving.active():
            saving.cancel()
        self._latest = advance(self._latest, Drained(self._now(), self._log.written))
        await self._save()
        self._ended.reach(self.record)

    def stop(self, stop: Stop) -> Deferred[Record]:
        """
        End the job.

        @return: As L{jobworker.interfaces.roster.IRoster.stop}.
        """
        if self._latest.phase is not Phase.RUNNING:
            self._hurry()
            return self._ended.wait()
        self._request(stop)
        if stop.manner.grace is None and self._latest.phase is Phase.RUNNING:
            return self._waitPatiently()
        return self._ended.wait()

    def stopFor(self, grace: float, reason: str) -> Deferred[Record]:
        """
        End the job for a reason that is nobody's wish.
        """
        manner = Manner(usual(self.record.command).signal, grace)
        return self.stop(Stop("", manner, self._now(), reason=reason))

    def grew(self) -> None:
        """
        The job has written something.
        """
        self._deadlines.hear()

    def signal(self, number: int) -> Record:
        """
        Deliver a signal to the job's process group.

        @raise NotRunning: If the job has ended.
        """
        if self._latest.phase is Phase.ENDED:
            raise NotRunning(self.record.identifier)
        self._handle.signal(number)
        return self.record

    def whenEnded(self) -> Deferred[Record]:
        """
        Wait for the end.
        """
        return self._ended.wait()

    def _request(self, stop: Stop) -> None:
        """
        Ask the command to leave, and insist when its grace is over.
        """
        self._latest = advance(self._latest, StopRequested(stop))
        self._saveSoon()
        crashPoint("stop-asked")
        if stop.manner.signal == SIGKILL and stop.manner.grace is not None:
            # A sweep finds more of a job while its command lives.
            self._insist()
            return
        self._handle.signal(stop.manner.signal)
        if stop.manner.grace is not None:
            insisting = self._clock.callLater(stop.manner.grace, self._insist)
            self._ended.wait().addCallback(
                lambda _: insisting.cancel() if insisting.active() else None
            )

    def _insist(self) -> None:
        """
        Kill all there is.
        """
        self._hurry()
        self._handle.sweep().addErrback(
            lambda failure: self.log.failure("while killing a job", failure)
        )

    def _hurry(self) -> None:
        """
        Give what was left behind no more time.
        """
        if not self._hurried.reached:
            self._hurried.reach(None)

    def _exceed(self, reason: str) -> None:
        """
        End a job that has written too much.
        """
        if self._latest.phase is Phase.RUNNING:
            self._request(Stop("", FORCED, self._now(), Cause.LOG_LIMIT, reason))

    def _expire(self, cause: Cause, reason: str) -> None:
        """
        End a job at one of its deadlines.
        """
        if self._latest.phase is Phase.RUNNING:
            manner = usual(self.record.command, _GRACE)
            self._request(Stop("", manner, self._now(), cause, reason))

    def _waitPatiently(self) -> Deferred[Record]:
        """
        Wait for the end, but not for long for the command.
        """
        answer = self._ended.wait()
        ignored = False

        def giveUp() -> None:
            nonlocal ignored
            if self._latest.phase is Phase.RUNNING:
                ignored = True
                answer.cancel()

        def relax() -> None:
            if timer.active():
                timer.cancel()

        def accept(record: Record) -> Record:
            relax()
            return record

        def explain(failure: Failure) -> NoReturn:
            relax()
            if ignored:
                raise StopIgnored(self.record.identifier, PATIENCE)
            failure.raiseException()

        timer = self._clock.callLater(PATIENCE, giveUp)
        return answer.addCallbacks(accept, explain)

    async def _lingering(self) -> None:
        """
        Wait until nobody holds the output any more, at most for a while.
        """
        dry = self._log.whenDry()
        hurried = self._hurried.wait()
        over: Deferred[None] = deferLater(self._clock, self._linger)
        waiting: list[Deferred[Any]] = [dry, hurried, over]
        try:
            await DeferredList(waiting, fireOnOneCallback=True, fireOnOneErrback=True)
        finally:
            for each in waiting:
                each.addErrback(_forgive)
                each.cancel()

    def _saveSoon(self) -> None:
        """
        Put the job on disk as it is, and do not wait for that.
        """
        Deferred.fromCoroutine(self._save()).addErrback(
            lambda failure: self.log.failure("while storing a job", failure)
        )

    async def _save(self) -> None:
        """
        Put the job on disk as it is, when the disk takes it, and tell.
        """
        refused = False
        while True:
            record = self._latest
            if record is self.record:
                # It was put there while this waited.
                return
            try:
                await self._store.update(record)
                break
            except StorageFailed as error:
                if not refused:
                    self.log.error(
                        "job {job} cannot be stored, and waits: {error}",
                        job=record.identifier,
                        error=error,
                    )
                refused = True
                await deferLater(self._clock, _RETRY)
        if record is not self.record:
            self.record = record
            crashPoint("job-stored")
            self._changed(record)


def _forgive(failure: Failure) -> None:
    """
    Take it that nobody waits any more.
    """
    if not isinstance(failure.value, CancelledError):
        failure.raiseException()
