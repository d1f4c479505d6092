"""
The thread that moves the output of all jobs from their pipes to their spools.

It is the only one that waits for the disk to take output, so that a slow disk
holds up the jobs that write and nobody else.  Its methods for the reactor
thread hand work over and return at once.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from threading import Thread
from time import monotonic
from typing import Final

from attrs import define, field

from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger

from ..jobs import Source
from .collection import Collection, empty

# Seconds until a disk that refused is tried again.
_RETRY: Final = 0.25
# Seconds between two reports that logs have grown.
_REPORT: Final = 0.002
# If all that came was less than this (bytes), it is left to collect for
# _PAUSE (seconds), which spares a job that writes many small pieces nothing
# and us much.  It is half of the smallest pipe.
_SMALL: Final = 2**15
_PAUSE: Final = 0.001
# Events taken at once.
_EVENTS: Final = 256


@define(eq=False)
class Drain:
    """
    The collections of all running jobs.

    @ivar _orders: What the reactor thread wants done, in order.
    @ivar _collections: All that are not sealed yet.
    @ivar _sources: Which pipe, by its descriptor, belongs to what.
    @ivar _refused: Collections whose disk refused, and when to try again.
    @ivar _grown: Collections whose growth was not reported yet.
    @ivar _due: When the next report of growth may be made.
    @ivar moved: How many bytes have been moved so far.
    @ivar _closed: Whether L{close} was called.  Only the reactor thread looks.
    @ivar _closing: Whether the thread knows.
    """

    _reactor: IReactorFromThreads
    _clock: Callable[[], float] = monotonic
    moved: int = field(default=0, init=False)
    _orders: deque[Callable[[], None]] = field(factory=deque, init=False)
    _poller: select.epoll = field(factory=select.epoll, init=False)
    _bell: int = field(init=False)
    _collections: set[Collection] = field(factory=set, init=False)
    _sources: dict[int, tuple[Collection, Source]] = field(factory=dict, init=False)
    _refused: dict[Collection, float] = field(factory=dict, init=False)
    _grown: set[Collection] = field(factory=set, init=False)
    _due: float = field(default=0.0, init=False)
    _closed: bool = field(default=False, init=False)
    _closing: bool = field(default=False, init=False)

    log = Logger()

    def __attrs_post_init__(self) -> None:
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._poller.register(self._bell, select.EPOLLIN)

    def collect(self, collection: Collection) -> None:
        """
        Begin to move what comes from the pipes, which become the drain's own.

        Call this in the reactor thread.
        """
        self._order(lambda: self._collect(collection))

    def seal(self, collection: Collection) -> None:
        """
        Take what the pipes hold, close them, and seal the log.

        Call this in the reactor thread.
        """
        self._order(lambda: self._seal(collection))

    def close(self) -> None:
        """
        End the thread after what was ordered so far.  Pipes that are still
        open are closed, and their logs are left unsealed.  What is ordered
        afterwards is not done.

        Call this in the reactor thread.
        """
        self._order(self._end)
        self._closed = True

    def run(self) -> None:
        """
        Work until L{close}.
        """
        while not self._closing:
            try:
                self.step()
            except Exception:  # noqa: BLE001 - the other jobs must go on
                self.log.failure("while moving the output of jobs")
                select.select((self._bell,), (), (), _RETRY)
        self._poller.close()
        os.close(self._bell)

    def step(self) -> None:
        """
        Wait until there is something to do, and do it once.
        """
        moved = 0
        events = self._poller.poll(self._patience(), _EVENTS)
        for descriptor, _ in events:
            if descriptor == self._bell:
                os.eventfd_read(self._bell)
            elif descriptor in self._sources:
                moved = max(moved, self._move(*self._sources[descriptor]))
        while self._orders:
            self._orders.popleft()()
        self._retry()
        self._report()
        if 0 < moved < _SMALL and not self._closing:
            select.select((self._bell,), (), (), _PAUSE)

    def _order(self, work: Callable[[], None]) -> None:
        """
        Have something done in the thread.
        """
        if self._closed:
            return
        self._orders.append(work)
        os.eventfd_write(self._bell, 1)

    def _patience(self) -> float:
        """
        Say how long there is nothing to do unless something happens: seconds,
        or -1 for ever.
        """
        if self._orders:
            return 0
        times = list(self._refused.values())
        if self._grown:
            times.append(self._due)
        return max(min(times) - self._clock(), 0.0) if times else -1

    def _collect(self, collection: Collection) -> None:
        """
        Take over a collection.
        """
        self._collections.add(collection)
        self._begin(collection)

    def _begin(self, collection: Collection) -> None:
        """
        Listen to the pipes of a collection.
        """
        for source, pipe in collection.pipes.items():
            self._sources[pipe] = (collection, source)
            self._poller.register(pipe, select.EPOLLIN)

    def _move(self, collection: Collection, source: Source) -> int:
        """
        Move once from a pipe, and notice its end.

        @return: How many bytes.
        """
        try:
            moved = collection.spool.transfer(source, collection.pipes[source])
        except BlockingIOError:
            return 0
        except OSError as error:
            self._refuse(collection, error)
            return 0
        if moved:
            self.moved += moved
            self._grown.add(collection)
        else:
            self._close(collection, source)
            if not collection.pipes:
                self._tell(collection.dry)
        return moved

    def _close(self, collection: Collection, source: Source) -> None:
        """
        Be done with a pipe.
        """
        pipe = collection.pipes.pop(source)
        if self._sources.pop(pipe, None):
            self._poller.unregister(pipe)
        os.close(pipe)

    def _refuse(self, collection: Collection, error: OSError) -> None:
        """
        Let the pipes of a collection be until the disk may take something.
        """
        if collection not in self._refused:
            self.log.error(
                "cannot write to {path}: {error}; its job waits until it works again",
                path=collection.spool.path,
                error=error.strerror,
            )
        self._refused[collection] = self._clock() + _RETRY
        for pipe in collection.pipes.values():
            if self._sources.pop(pipe, None):
                self._poller.unregister(pipe)

    def _retry(self) -> None:
        """
        Go back to collections whose disk refused some time ago.
        """
        now = self._clock()
        for collection in [c for c, at in self._refused.items() if at <= now]:
            if collection.sealing:
                self._seal(collection)
                continue
            for source in tuple(collection.pipes):
                self._move(collection, source)
            # The disk may have had the bytes and now took their entry.
            self._grown.add(collection)
            if self._refused[collection] <= now:
                del self._refused[collection]
                self._begin(collection)
                self.log.info("{path} can be written again", path=collection.spool.path)

    def _seal(self, collection: Collection) -> None:
        """
        Finish a log, now or when the disk takes it.
        """
        collection.sealing = True
        try:
            for source in tuple(collection.pipes):
                self.moved += empty(collection.spool, source, collection.pipes[source])
                self._close(collection, source)
            collection.spool.seal()
        except OSError as error:
            self._refuse(collection, error)
            return
        collection.spool.close()
        self._collections.discard(collection)
        self._refused.pop(collection, None)
        self._grown.discard(collection)
        self._tell(collection.grew)
        self._tell(collection.sealed)

    def _report(self) -> None:
        """
        Tell of growth, unless that was done just now.
        """
        now = self._clock()
        if self._grown and now >= self._due:
            self._due = now + _REPORT
            callbacks = [collection.grew for collection in self._grown]
            self._grown.clear()
            self._tell(lambda: [callback() for callback in callbacks])

    def _tell(self, callback: Callable[[], object]) -> None:
        """
        Call something in the reactor thread.
        """
        self._reactor.callFromThread(callback)

    def _end(self) -> None:
        """
        Let go of everything.
        """
        self._closing = True
        for collection in self._collections:
            for source in tuple(collection.pipes):
                self._close(collection, source)
            collection.spool.close()


def startDrain(reactor: IReactorFromThreads) -> tuple[Drain, Thread]:
    """
    Start the thread.

    @return: The drain, and the thread to join after L{Drain.close}.
    """
    drain = Drain(reactor)
    thread = Thread(target=drain.run, name="drain", daemon=True)
    thread.start()
    return drain, thread
