"""
Logs that are not written, for tests: they let things happen to them.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, succeed

from jobworker.errors import SpoolDamaged
from jobworker.interfaces.logs import IJobLog, ILogKeeper, ILogListener
from jobworker.jobs import Source, Written
from jobworker.milestones import Milestone


@implementer(IJobLog)
@define(eq=False)
class MemoryLog:
    """
    A log that is told what happens to it.

    @ivar dry: Whether nobody holds the pipes any more.
    @ivar overQuota: Whether it has become too long.
    @ivar sealed: Whether it has an end.
    @ivar full: Whether the disk is full, so that a seal waits.
    """

    _grew: Callable[[], None]
    _remove: Callable[[], Deferred[None]]
    outputs: dict[Source, int] = field(factory=lambda: dict.fromkeys(Source, -1))
    dry: Milestone[None] = field(factory=Milestone, init=False)
    overQuota: Milestone[str] = field(factory=Milestone, init=False)
    sealed: Milestone[None] = field(factory=Milestone, init=False)
    full: bool = field(default=False, init=False)
    written: Written = field(factory=Written, init=False)
    _sealing: bool = field(default=False, init=False)

    def launched(self) -> None:
        """
        Have no descriptors any more.
        """
        self.outputs.clear()

    def abandon(self) -> Deferred[None]:
        """
        Never have been.
        """
        self.outputs.clear()
        return self._remove()

    def whenDry(self) -> Deferred[None]:
        """
        Wait for the pipes.
        """
        return self.dry.wait()

    def whenOverQuota(self) -> Deferred[str]:
        """
        Wait for the log to become too long.
        """
        return self.overQuota.wait()

    def seal(self) -> Deferred[None]:
        """
        Have an end, unless the disk is full.
        """
        self._sealing = True
        self._seal()
        return self.sealed.wait()

    def makeRoom(self) -> None:
        """
        Let the disk be full no more.
        """
        self.full = False
        if self._sealing:
            self._seal()

    def _seal(self) -> None:
        if not self.full and not self.sealed.reached:
            self._grew()
            self.sealed.reach(None)


@implementer(ILogKeeper)
@define(eq=False)
class MemoryLogKeeper:
    """
    Logs in a dictionary.

    @ivar logs: By the identifiers of their jobs; C{None} for those of an
        earlier process.
    @ivar refusal: While this is set, no log can be made.
    @ivar damaged: Which cannot be recovered.
    @ivar recovered: What was recovered, in order.
    @ivar stubborn: Whether no log can be removed.
    """

    logs: dict[str, MemoryLog | None] = field(factory=dict)
    refusal: OSError | None = None
    damaged: set[str] = field(factory=set, init=False)
    recovered: list[str] = field(factory=list, init=False)
    stubborn: bool = field(default=False, init=False)
    _listeners: list[ILogListener] = field(factory=list, init=False)

    def create(self, identifier: str) -> Deferred[IJobLog]:
        """
        Make a log.
        """
        if self.refusal is not None:
            return fail(self.refusal)
        log = MemoryLog(lambda: self.grow(identifier), lambda: self.remove(identifier))
        self.logs[identifier] = log
        return succeed(log)

    def subscribe(self, listener: ILogListener) -> None:
        """
        Tell a listener of every growth.
        """
        self._listeners.append(listener)

    def unsubscribe(self, listener: ILogListener) -> None:
        """
        Tell it nothing more.
        """
        self._listeners.remove(listener)

    def recover(self, identifier: str) -> Deferred[None]:
        """
        Remember that it was asked for.
        """
        self.recovered.append(identifier)
        if identifier in self.damaged:
            return fail(SpoolDamaged(identifier, "a frame does not fit"))
        return succeed(None)

    def identifiers(self) -> Deferred[set[str]]:
        """
        Find the jobs that there are logs of.
        """
        return succeed(set(self.logs))

    def sizes(self, identifiers: Iterable[str]) -> Deferred[dict[str, int]]:
        """
        Measure logs: each takes a thousand bytes.
        """
        return succeed({each: 1000 for each in identifiers if each in self.logs})

    def remove(self, identifier: str) -> Deferred[None]:
        """
        Forget a log.
        """
        if self.stubborn:
            return fail(OSError(errno.EROFS, "read-only"))
        self.logs.pop(identifier, None)
        return succeed(None)

    def grow(self, identifier: str) -> None:
        """
        Let a log have become longer.
        """
        for listener in tuple(self._listeners):
            listener.logGrew(identifier)
