"""
What the gateway keeps an eye on: how many jobs run, and when a process is gone.
"""

from __future__ import annotations

import os
from signal import pidfd_send_signal

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor

from ..jobs import Phase, Record
from ..roster.audience import Indifferent


@define(eq=False)
class RunningJobs(Indifferent):
    """
    Counts the jobs that have not ended.
    """

    _running: set[str] = field(factory=set, init=False)

    @property
    def count(self) -> int:
        """
        How many there are.
        """
        return len(self._running)

    def jobChanged(self, record: Record) -> None:
        """
        A job runs, or has ended.
        """
        if record.phase is Phase.ENDED:
            self._running.discard(record.identifier)
        else:
            self._running.add(record.identifier)


@implementer(IReadDescriptor)
@define(eq=False)
class _Vigil:
    """
    Waits for a descriptor of a process, which becomes readable when that ends:
    pidfd_open(2).
    """

    _reactor: IReactorFDSet
    _descriptor: int
    gone: Deferred[None] = field(factory=Deferred, init=False)

    def fileno(self) -> int:
        """
        Name the descriptor.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        Say who this is in logs.
        """
        return "vigil"

    def doRead(self) -> None:
        """
        The process is gone.
        """
        self._reactor.removeReader(self)
        self.gone.callback(None)

    def connectionLost(self, reason: object) -> None:
        """
        The reactor ends before the process does.
        """


def endProcess(reactor: IReactorFDSet, pid: int, signal: int) -> Deferred[None]:
    """
    Send a signal to a process, which need not be a child, and wait for its end.

    @return: A L{Deferred} firing when the process is gone.

    @raise OSError: (asynchronously) If it cannot be signalled.
    """
    return Deferred.fromCoroutine(_end(reactor, pid, signal))


async def _end(reactor: IReactorFDSet, pid: int, number: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        vigil = _Vigil(reactor, descriptor)
        pidfd_send_signal(descriptor, number)
        reactor.addReader(vigil)
        await vigil.gone
    finally:
        os.close(descriptor)
