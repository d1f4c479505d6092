"""
Forgetting jobs that have ended, when they are old or there are too many.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field, frozen

from twisted.application.service import Service
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ..errors import NoSuchJob
from ..interfaces.logs import ILogKeeper
from ..interfaces.roster import IRoster
from ..interfaces.store import IJobStore

# Seconds between two rounds, and between two of which the first did not come
# to its end.
_PAUSE: Final = 60.0
_SHORT: Final = 1.0

# The most jobs that one round deletes.
_AT_ONCE: Final = 100

_SECOND: Final = 1_000_000_000


@frozen
class Retain:
    """
    What is kept of jobs that have ended.  What is C{None} does not matter.

    @ivar age: Seconds since the end.
    @ivar count: Jobs.
    @ivar size: Bytes that their logs take on disk, all together.
    """

    age: float | None = None
    count: int | None = None
    size: int | None = None

    @property
    def everything(self) -> bool:
        """
        Whether nothing is ever deleted.
        """
        return self.age is None and self.count is None and self.size is None


@frozen
class Remnant:
    """
    A job that has ended.

    @ivar ended: When: nanoseconds since the epoch.
    @ivar size: Bytes that its log takes on disk.
    """

    identifier: str
    ended: int
    size: int = 0


def surplus(remnants: Sequence[Remnant], retain: Retain, now: int) -> list[Remnant]:
    """
    Choose what to delete: those that are too old, and then the oldest until
    neither their number nor their size is too great.

    @param now: What time it is: nanoseconds since the epoch.

    @return: The oldest first.
    """
    byAge = sorted(remnants, key=lambda remnant: remnant.ended)
    count, size = len(byAge), sum(remnant.size for remnant in byAge)
    gone: list[Remnant] = []
    for remnant in byAge:
        old = retain.age is not None and now - remnant.ended > retain.age * _SECOND
        many = retain.count is not None and count > retain.count
        large = retain.size is not None and size > retain.size
        if not (old or many or large):
            break
        gone.append(remnant)
        count -= 1
        size -= remnant.size
    return gone


@define(eq=False)
class Retention(Service):
    """
    Looks again and again for jobs to delete.

    @ivar _now: Says what time it is: nanoseconds since the epoch.
    @ivar _stubborn: Jobs that could not be deleted: the others come first.
    @ivar _next: The round that comes.
    @ivar _round: The round that is in progress.
    """

    _clock: IReactorTime
    _now: Callable[[], int]
    _roster: IRoster
    _store: IJobStore
    _logs: ILogKeeper
    _retain: Retain
    _stubborn: set[str] = field(factory=set, init=False)
    _next: IDelayedCall | None = field(default=None, init=False)
    _round: Deferred[None] | None = field(default=None, init=False)

    log = Logger()

    def startService(self) -> None:
        """
        Begin, unless everything is to be kept.
        """
        super().startService()  # type: ignore[no-untyped-call]
        if not self._retain.everything:
            self._schedule(_SHORT)

    def stopService(self) -> Deferred[None] | None:
        """
        Delete nothing more.

        @return: A L{Deferred} firing when a deletion in progress was given up.
        """
        super().stopService()  # type: ignore[no-untyped-call]
        if self._next is not None:
            self._next.cancel()
            self._next = None
        if self._round is not None:
            self._round.cancel()
        return self._round

    def _schedule(self, pause: float) -> None:
        self._next = self._clock.callLater(pause, self._begin)

    def _begin(self) -> None:
        """
        Begin a round.
        """
        self._next = None
        self._round = Deferred.fromCoroutine(self._goRound())

    async def _goRound(self) -> None:
        """
        Delete some jobs.
        """
        pause = _PAUSE
        try:
            remnants = surplus(await self._remnants(), self._retain, self._now())
            gone = [remnant.identifier for remnant in remnants]
            self._stubborn.intersection_update(gone)
            gone.sort(key=self._stubborn.__contains__)
            for identifier in gone[:_AT_ONCE]:
                self._stubborn.add(identifier)
                await self._delete(identifier)
                self._stubborn.remove(identifier)
            if len(gone) > _AT_ONCE:
                pause = _SHORT
        except CancelledError:
            return
        except Exception:  # noqa: BLE001 - the next round may have more luck
            self.log.failure("while deleting jobs that ended long ago")
        finally:
            self._round = None
        if self.running:
            self._schedule(pause)

    async def _delete(self, identifier: str) -> None:
        """
        Delete a job, unless somebody else was faster.
        """
        try:
            await self._roster.delete(identifier)
        except NoSuchJob:
            return
        self.log.info(
            "deleted job {job}, as it was to be kept no longer", job=identifier
        )

    async def _remnants(self) -> list[Remnant]:
        """
        Find the jobs that have ended, and measure them if that matters.
        """
        ended = await self._store.ended()
        sizes: dict[str, int] = {}
        if self._retain.size is not None:
            sizes = await self._logs.sizes([identifier for identifier, _ in ended])
        return [
            Remnant(identifier, at, sizes.get(identifier, 0))
            for identifier, at in ended
        ]
