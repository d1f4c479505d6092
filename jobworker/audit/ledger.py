"""
The audit log, written in a thread of its own.

Nobody who hands something over waits for the disk.  What was handed over is
written in order; when that fails it is tried again and again, and nothing is
lost as long as it can wait in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from time import time_ns
from typing import ClassVar, Final

from attrs import define, evolve, field

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorFromThreads, IReactorThreads
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from ..access.decisions import Decision
from ..errors import BadConfiguration, Unrecorded
from ..sparing import Sparing
from .files import AuditFile
from .lines import Entry, Lost, Started, describeCommand, lineOf

#: How many lines may wait.
MOST: Final = 10_000

# How many are written at once.
_BATCH: Final = 500

# Seconds between two attempts to write, and for which the end waits for a disk.
_AGAIN: Final = 1.0
_LAST: Final = 5.0

# Strangers cannot push what others did out of the log: so many of them are
# named one by one within a minute.
_STRANGERS: Final = 1000


class ILedgerReactor(IReactorThreads, IReactorFromThreads):
    """
    What is needed of a reactor to wait for a thread.
    """


@define(eq=False)
class Ledger:
    """
    Keeps account of every decision.

    @ivar _owner: The user and the group that the file is to belong to.
    @ivar _refuses: Whether nothing is allowed that cannot be written down.
    @ivar _redacts: Whether arguments of commands are only counted.
    @ivar _told: How many of the lost lines the log itself tells of.
    @ivar _strangers: Says which refusals at the door are written.
    @ivar lines: How many were written.
    @ivar lost: How many could not be, and never will be.
    @ivar failing: Whether the last attempt to write failed.
    """

    log: ClassVar[Logger] = Logger()

    _reactor: ILedgerReactor
    _file: AuditFile
    _owner: tuple[int, int] | None = None
    _refuses: bool = True
    _redacts: bool = False
    _now: Callable[[], int] = time_ns
    lines: int = field(default=0, init=False)
    lost: int = field(default=0, init=False)
    failing: bool = field(default=False, init=False)
    _told: int = field(default=0, init=False)
    _waiting: SimpleQueue[Entry | None] = field(factory=SimpleQueue, init=False)
    _counting: Lock = field(factory=Lock, init=False)
    _ending: Event = field(factory=Event, init=False)
    _thread: Thread | None = field(default=None, init=False)
    _strangers: Sparing = field(factory=lambda: Sparing(_STRANGERS), init=False)

    def prepare(self) -> None:
        """
        Open the file.

        @raise BadConfiguration: If that is not possible.
        """
        try:
            self._file.open(self._owner)
        except PermissionError as error:
            # Root without its capabilities may do less than the user.
            if self._owner is None:
                raise self._unopened(error) from None
        except OSError as error:
            raise self._unopened(error) from None

    def start(self) -> None:
        """
        Begin to write.

        @raise BadConfiguration: If it could not be gone on with for long.
        """
        if not self._file.isOpen:
            try:
                self._file.open()
            except OSError as error:
                raise self._unopened(error) from None
        self._file.requireRotation()
        self._thread = Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def stop(self) -> Deferred[object]:
        """
        Write what is left, and close the file.

        @return: A L{Deferred} firing when that is done, or would take too long.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            self._file.close()
            return succeed(None)
        self._ending.set()
        self._waiting.put(None)
        pool = self._reactor.getThreadPool()
        joined: Deferred[object] = deferToThreadPool(
            self._reactor, pool, thread.join, _LAST
        )
        return joined

    def decided(self, decision: Decision) -> None:
        """
        Hand over a decision, in any thread.

        @raise Unrecorded: If a call is allowed, and the log cannot be written.
        """
        omitted = 0
        command = None
        if decision.method:
            if decision.allowed and self._refuses and self._cannot():
                raise Unrecorded
        elif not decision.allowed:
            spared = self._strangers.take()
            if spared is None:
                return
            omitted = spared
        if decision.command is not None:
            # It is not kept in memory: it may be large.
            command = describeCommand(decision.command, self._redacts)
            decision = evolve(decision, command=None)
        self._put(Entry(self._now(), decision, omitted, command))

    def started(self, call: int, job: str) -> None:
        """
        Hand over that a call has started a job, in any thread.
        """
        self._put(Entry(self._now(), Started(call, job)))

    def _unopened(self, error: OSError) -> BadConfiguration:
        return BadConfiguration(
            f"cannot open the audit log {self._file.path}: {error.strerror}"
        )

    def _cannot(self) -> bool:
        """
        Say whether nothing can be written just now.
        """
        return self.failing or self._waiting.qsize() >= MOST

    def _put(self, entry: Entry) -> None:
        if self._waiting.qsize() >= MOST:
            self._lose(1)
        else:
            self._waiting.put(entry)

    def _lose(self, lines: int) -> None:
        with self._counting:
            self.lost += lines

    def _run(self) -> None:
        """
        Be the thread.
        """
        goesOn = True
        try:
            while goesOn:
                entries, goesOn = self._take()
                lost = self.lost
                if lost > self._told:
                    entries.insert(0, Entry(self._now(), Lost(lost - self._told)))
                if entries and self._write(entries):
                    self._told = lost
        except Exception:  # noqa: BLE001 - nobody else would hear of it
            self.failing = True
            self.log.failure("the audit log is not written any more")
        self._file.close()

    def _take(self) -> tuple[list[Entry], bool]:
        """
        Wait for something to be written, and take all that there is.

        @return: That, and whether there may be more.
        """
        entries: list[Entry] = []
        entry = self._waiting.get()
        try:
            while entry is not None and len(entries) < _BATCH:
                entries.append(entry)
                entry = self._waiting.get_nowait()
        except Empty:
            return entries, True
        if entry is not None:
            entries.append(entry)
        return entries, entry is not None

    def _write(self, entries: list[Entry]) -> bool:
        """
        Write lines, as often as it takes; at the end, once.

        @return: Whether they are written.
        """
        data = b"".join(lineOf(entry) for entry in entries)
        while data:
            try:
                data = data[self._file.append(data) :]
            except OSError as error:
                self._fail(error)
                if self._ending.is_set():
                    self._lose(data.count(b"\n"))
                    self.log.error(
                        "the audit log lacks its last {lines} lines",
                        lines=data.count(b"\n"),
                    )
                    return False
                self._ending.wait(_AGAIN)
        self.lines += len(entries)
        if self.failing:
            self.failing = False
            self.log.info("the audit log {path} is written again", path=self._file.path)
        return True

    def _fail(self, error: OSError) -> None:
        """
        Say once that nothing can be written.
        """
        if not self.failing:
            self.failing = True
            self.log.error(
                "cannot write the audit log {path}: {error}; {consequence}",
                path=self._file.path,
                error=error.strerror,
                consequence="calls are refused until it can be written"
                if self._refuses
                else "calls go on, and lines may be lost",
            )
