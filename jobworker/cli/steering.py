"""
What signals to a command mean for the job that it follows.

The handler of signals only takes note of them: calls are made in a thread of
their own, while the main thread goes on writing output.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from select import select
from threading import Lock, Thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING, Final

from attrs import define, field

from ..client.failures import Failure, StopIgnored, UnknownJob, WrongState
from .exits import Exit, besideJobs, exitFor

if TYPE_CHECKING:
    from ..client.caller import Caller

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

#: Seconds until a job is killed that was asked to end, where it has no grace.
GRACE: Final = 10.0

#: Seconds after which our lines come between the job's, if those do not end.
_PATIENCE: Final = 1.0


class Leaving(KeyboardInterrupt):
    """
    The command is to end now.

    @ivar code: With which code.
    """

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@define(eq=False)
class Steering:
    """
    Signals, from the start of a job until it was followed to its end.

    @ivar _call: Makes a caller for this thread.
    @ivar _remark: Writes a line of ours.
    @ivar _question: Writes a question.
    @ivar _grace: Seconds that the job has after SIGTERM; C{None} if it has a
        grace of its own.
    """

    _call: Callable[[], Caller]
    _remark: Callable[[str], object]
    _question: Callable[[str], object]
    _grace: float | None = GRACE
    _quiet: Lock = field(factory=Lock, init=False)
    _identifier: str = field(default="", init=False)
    _pending: list[int] = field(factory=list, init=False)
    _pausing: bool = field(default=False, init=False)
    _leave: int | None = field(default=None, init=False)
    _interrupted: bool = field(default=False, init=False)
    _noted: tuple[int, int] = field(factory=os.pipe, init=False)

    @contextmanager
    def heeded(self) -> Iterator[Steering]:
        """
        Heed signals while the context lasts.
        """
        before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def pause(self, seconds: float) -> None:
        """
        Wait before another attempt to start the job.

        @raise Leaving: When a signal comes, or came before.
        """
        if self._pending:
            raise Leaving(128 + self._pending[0])
        self._pausing = True
        try:
            time.sleep(seconds)
        finally:
            self._pausing = False

    def started(self, identifier: str) -> None:
        """
        Have a job from now on.
        """
        Thread(target=self._steer, name="jobworker signals", daemon=True).start()
        self._identifier = identifier
        for number in self._pending:
            os.write(self._noted[1], bytes([number]))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """
        Write output of the job, when nobody is being asked anything.
        """
        with self._quiet:
            yield

    def _note(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """
        Take note of a signal, in the main thread.
        """
        if self._leave is not None:
            raise Leaving(self._leave)
        if self._identifier:
            os.write(self._noted[1], bytes([number]))
            return
        self._pending.append(number)
        # An attempt to start it may go on for its time; who asks twice does not
        # want to wait for that.
        if self._pausing or len(self._pending) > 1:
            raise Leaving(128 + number)
        if number == signal.SIGINT and sys.stderr is not None and sys.stderr.isatty():
            with suppress(OSError):
                self._remark(
                    "waiting for the server to answer the start of the job, which is "
                    "interrupted then; another Ctrl-C leaves"
                )

    def _steer(self) -> None:
        """
        Do what signals mean, one after the other.

        Where that is not possible the command ends, as no signal would end it
        any more.
        """
        try:
            self._heed()
        except Failure as failure:
            self._say(f"job {self._identifier} goes on: {failure}")
            self._end(besideJobs(exitFor(failure)))
        except BaseException:
            self._end(besideJobs(Exit.SOFTWARE))
            raise

    def _heed(self) -> None:
        """
        Do what signals mean, without an end.
        """
        with closing(self._call()) as caller:
            while True:
                number = os.read(self._noted[0], 1)[0]
                if number == signal.SIGTERM:
                    self._attempt(lambda: self._stop(caller), True)
                elif not self._interrupted:
                    self._interrupted = True
                    self._attempt(
                        lambda: caller.signal(self._identifier, signal.SIGINT), False
                    )
                else:
                    self._decide(caller)

    def _decide(self, caller: Caller) -> None:
        """
        Do what is answered to the question, or kill the job where nobody can
        be asked.
        """
        asks = sys.stdin is not None and sys.stdin.isatty()
        answer = self._ask() if asks else "k"
        if answer.startswith("k"):
            self._attempt(lambda: caller.stop(self._identifier, True), not asks)
        elif answer.startswith("d"):
            self._say(f"job {self._identifier} goes on")
            self._end(Exit.INTERRUPTED)
        else:
            self._interrupted = False

    def _attempt(self, act: Callable[[], object], last: bool) -> None:
        """
        Do something to the job, which may have ended.

        @param last: Whether it is of no use to go on if this fails.
        """
        try:
            act()
        except (WrongState, UnknownJob):
            pass
        except Failure as failure:
            self._say(f"job {self._identifier} goes on: {failure}")
            if last:
                self._end(besideJobs(exitFor(failure)))

    def _stop(self, caller: Caller) -> None:
        """
        Have the job end, and then insist.
        """
        try:
            caller.stop(self._identifier, grace=self._grace)
        except StopIgnored:
            # Servers of the original kind know no grace.
            caller.stop(self._identifier, True)

    def _ask(self) -> str:
        """
        Ask what to do, and wait for a line, or for another signal.
        """
        with self._silence():
            text = f"\njob {self._identifier} still runs; (k)ill, (d)etach or go on? "
            with suppress(OSError):
                self._question(text)
            noted, typed = self._noted[0], sys.stdin.fileno()
            if noted in select([noted, typed], [], [])[0]:
                os.read(noted, 1)
                return "k"
            try:
                return os.read(typed, 1024).decode(errors="replace").strip().lower()
            except OSError:
                # The terminal has gone away.
                return "d"

    def _say(self, text: str) -> None:
        with self._silence(), suppress(OSError):
            self._remark(text)

    @contextmanager
    def _silence(self) -> Iterator[None]:
        """
        Keep output back, unless it is stuck.
        """
        held = self._quiet.acquire(timeout=_PATIENCE)
        try:
            yield
        finally:
            if held:
                self._quiet.release()

    def _end(self, code: int) -> None:
        """
        Have the main thread leave.
        """
        self._leave = code
        ident = main_thread().ident
        assert ident is not None
        signal.pthread_kill(ident, signal.SIGINT)
