"""
Calling one server about jobs, by their ids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import TypeVar

from attrs import define, field

from ..jobs import Source
from .addresses import Address
from .channels import PATIENCE
from .connection import Connection
from .course import courseOf
from .credentials import Credentials
from .events import Event
from .failures import Failure, TimedOut, Unreachable
from .probing import explain
from .questions import (
    Question,
    awaiting,
    deleting,
    querying,
    signaling,
    stopping,
)
from .reader import LogReader
from .values import JobStatus
from .waiting import Patience

_Answer = TypeVar("_Answer")


@define(eq=False)
class Caller:
    """
    A caller of one server, who knows jobs by their ids.

    It connects when it must.  Every method may raise a L{Failure}, which
    carries a cause and a remedy.  Use it in one thread at a time; each reading
    of a log has connections of its own, and may be used in another.

    @ivar _patience: Seconds within which an answer must come that is due at once.
    @ivar _sleep: Waits for so many seconds before another attempt.
    """

    address: Address
    _credentials: Credentials
    _token: str = field(repr=False)
    _patience: float = PATIENCE
    _sleep: Callable[[float], object] = field(default=time.sleep, kw_only=True)
    _connection: Connection | None = field(default=None, init=False)

    def connect(self) -> Connection:
        """
        Make another connection, for whoever needs one of his own.
        """
        return Connection.open(
            self.address, self._credentials, self._token, self._patience
        )

    def stop(
        self,
        identifier: str,
        force: bool = False,
        signal: int = 0,
        grace: float | None = None,
    ) -> JobStatus:
        """
        End a job, and wait until it is gone.

        @param force: Kill it at once.

        @param signal: The number of the signal to ask with; 0 means SIGTERM.

        @param grace: Seconds after which everything is killed that is left of
            it.  C{None}: it may go on, and then that is a L{StopIgnored}.
        """
        return self._ask(stopping(identifier, force, signal, grace))

    def query(self, identifier: str) -> JobStatus:
        """
        Find out about a job.
        """
        return self._ask(querying(identifier))

    def signal(self, identifier: str, number: int) -> JobStatus:
        """
        Send a signal to the process group of a job.

        @param number: The number of the signal, as L{signal.SIGUSR1}.

        @return: The job as it was then.
        """
        return self._ask(signaling(identifier, number))

    def wait(self, identifier: str, timeout: float | None = None) -> JobStatus:
        """
        Wait for a job to end, whatever happens to connections.

        @param timeout: Seconds after which it is a L{TimedOut}.
        """
        question = awaiting(identifier)
        patience = Patience(identifier, timeout)
        while True:
            try:
                with closing(self.connect()) as connection:
                    return connection.wait(question, patience.attempt())
            except TimedOut as failure:
                raise patience.over(failure) from None
            except Unreachable as failure:
                patience.lost()
                explained = self.explain(failure)
            self._sleep(patience.another(explained).delay)

    def delete(self, identifier: str) -> None:
        """
        Forget a job that has ended, and remove its log.
        """
        self._ask(deleting(identifier))

    def readLog(
        self,
        identifier: str,
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
    ) -> Generator[Event, None, None]:
        """
        Read what a job has written, and what it writes from now on.

        Each byte comes once, whatever happens to connections, and is verified
        in the end.  A server of the original kind sends lines only; it is
        read from the beginning, and until the job has ended.

        @param follow: Go on until the job has ended.

        @param line: The first line wanted, counted from 0.

        @param last: How many lines are wanted of those there are.

        @return: What happens, with L{Finished} as the last.
        """
        course = courseOf(identifier, sources, follow, line, last)
        return LogReader(self.connect, course, self.explain, self._sleep).events()

    def explain(self, failure: Unreachable) -> Failure:
        """
        Find out more about why there is no connection.

        This may take a few seconds.

        @return: Something else than an L{Unreachable} if it is of no use to try
            again.
        """
        return explain(failure, self.address, self._credentials)

    def close(self) -> None:
        """
        Disconnect.  The client connects again when it must.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask something over the connection that there is.
        """
        if self._connection is None:
            self._connection = self.connect()
        try:
            return self._connection.ask(question)
        except TimedOut as failure:
            raise question.late(failure) from None
        except Unreachable as failure:
            self.close()
            raise question.lost(failure, self.explain(failure)) from None
