"""
A table of jobs that shows what happens to them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from heapq import nlargest
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread
from typing import Final

from attrs import define, field

from ..client.events import Waiting
from ..client.happenings import ChangeKind, Current, Happening, Present
from ..client.values import JobStatus, State
from .screen import Screen

# Seconds after which ages are written anew, and between two pictures at least.
_TICK: Final = 1.0
_FRAME: Final = 0.1

# How much may wait to be shown.
_AHEAD: Final = 1000

#: Writes jobs as lines of a width: a heading, then one for each.
Writing = Callable[[Sequence[JobStatus], int], Sequence[str]]


@define(eq=False)
class LiveTable:
    """
    The jobs that are to be shown.

    @ivar _states: The states that they may be in.
    @ivar _limit: How many there may be; C{None} for any number.
    @ivar _problem: Why they may have changed since.
    """

    _states: frozenset[State]
    _limit: int | None = None
    _jobs: dict[str, JobStatus] = field(factory=dict, init=False)
    _complete: bool = field(default=False, init=False)
    _problem: str = field(default="", init=False)

    def take(self, happening: Happening) -> None:
        """
        Take note of what has happened.
        """
        if isinstance(happening, Waiting):
            self._problem = f"not connected: {happening.failure.cause}"
            return
        self._problem = ""
        if isinstance(happening, Current):
            self._complete = True
        elif isinstance(happening, Present):
            self._put(happening.status)
        elif happening.kind is ChangeKind.DELETED:
            self._jobs.pop(happening.status.identifier, None)
        else:
            self._put(happening.status)

    def lines(self, columns: int, height: int, write: Writing) -> list[str]:
        """
        Write as much of the table as there is room for, and how much there is.
        """
        count = len(self._jobs)
        if self._limit is not None:
            count = min(count, self._limit)
        # A line is for the headings, and one for what is said of all.
        fitting = min(count, max(height - 2, 0))
        jobs = nlargest(
            fitting,
            self._jobs.values(),
            key=lambda job: (job.started or 0, job.identifier),
        )
        summary = self._summary(count, count - fitting)
        return [*write(jobs, columns), summary[:columns]][:height]

    def _put(self, status: JobStatus) -> None:
        """
        Show a job, if it is in one of the states.
        """
        if status.state in self._states:
            self._jobs[status.identifier] = status
        else:
            self._jobs.pop(status.identifier, None)

    def _summary(self, count: int, hidden: int) -> str:
        """
        Say in a line what is not seen in the table.

        @param hidden: How many jobs do not fit.
        """
        if self._problem:
            said = self._problem
        elif not self._complete:
            said = "still loading"
        else:
            said = "Ctrl-C ends this"
        number = f"{count} job{'' if count == 1 else 's'}"
        if hidden:
            number += f", {hidden} more than fit"
        return f"{number}; {said}"


@define(eq=False)
class Intake:
    """
    Takes what happens in a thread of its own, so that who shows it can do
    something else meanwhile.

    Not much is taken ahead: if it is not shown, it waits with the server.
    """

    _source: Iterator[Happening]
    _taken: SimpleQueue[Happening | BaseException | None] = field(
        factory=SimpleQueue, init=False
    )
    _room: BoundedSemaphore = field(
        factory=lambda: BoundedSemaphore(_AHEAD), init=False
    )

    def start(self) -> None:
        """
        Begin.
        """
        Thread(target=self._run, name="jobworker watch", daemon=True).start()

    def wake(self) -> None:
        """
        Let who waits go on without news.
        """
        self._taken.put(None)

    def wait(self, seconds: float) -> list[Happening]:
        """
        Wait for news, and get all there are.

        @param seconds: For how long.
        """
        news: list[Happening] = []
        try:
            each = self._taken.get(timeout=seconds)
            while True:
                if isinstance(each, BaseException):
                    raise each
                if each is not None:
                    self._room.release()
                    news.append(each)
                each = self._taken.get_nowait()
        except Empty:
            return news

    def _run(self) -> None:
        """
        Take what there is, until that fails.
        """
        try:
            for each in self._source:
                self._room.acquire()
                self._taken.put(each)
        except BaseException as error:  # noqa: BLE001 - who waits gets it
            self._taken.put(error)


def showLive(
    source: Iterator[Happening],
    table: LiveTable,
    write: Writing,
    makeScreen: Callable[[Callable[[], object]], Screen],
) -> None:
    """
    Show what happens, until that fails or a signal comes.

    @param makeScreen: Makes the screen, given what to call when its size has
        changed.
    """
    intake = Intake(source)
    screen = makeScreen(intake.wake)
    with screen.taken():
        intake.start()
        drawn = time.monotonic()
        while True:
            for each in intake.wait(_TICK):
                table.take(each)
            # What comes in quick succession is shown together.
            time.sleep(max(0.0, drawn + _FRAME - time.monotonic()))
            for each in intake.wait(0):
                table.take(each)
            columns, height = screen.size()
            screen.show(table.lines(columns, height, write))
            drawn = time.monotonic()
