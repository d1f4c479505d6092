"""
Calling one server about jobs, by their ids.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Final, TypeVar

from attrs import define, field
from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as wire
from ..jobs import Source
from .addresses import Address
from .connection import PATIENCE, Connection
from .credentials import Credentials
from .events import Event
from .failures import Failure, TimedOut, Unacceptable, Unreachable
from .probing import explain
from .reader import LogReader
from .readings import ChunkReading, LineReading
from .translation import statusOf
from .values import JobStatus
from .waiting import Patience

_Answer = TypeVar("_Answer")

#: Seconds that a time span of the wire may have at most.
_LONGEST: Final = 315_576_000_000.0


@define(eq=False)
class Caller:
    """
    A caller of one server, who knows jobs by their ids.

    It connects when it must.  Every method may raise a L{Failure}, which
    carries a cause and a remedy.  Use it in one thread at a time; each reading
    of a log has connections of its own, and may be used in another.
    """

    address: Address
    _credentials: Credentials
    _token: str = field(repr=False)
    _patience: float = PATIENCE
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
        request = wire.StopRequest(
            job=_job(identifier), force=force, signal=signal, grace=_duration(grace)
        )
        return self._ask(
            lambda connection: statusOf(connection.stopJob(request, grace or 0.0))
        )

    def query(self, identifier: str) -> JobStatus:
        """
        Find out about a job.
        """
        request = _job(identifier)
        return self._ask(lambda connection: statusOf(connection.queryJob(request)))

    def signal(self, identifier: str, number: int) -> JobStatus:
        """
        Send a signal to the process group of a job.

        @param number: The number of the signal, as L{signal.SIGUSR1}.

        @return: The job as it was then.
        """
        try:
            request = wire.SignalRequest(job=_job(identifier), signal=number)
        except ValueError:
            raise Unacceptable(f"{number} is no signal") from None
        return self._ask(lambda connection: statusOf(connection.signalJob(request)))

    def wait(
        self,
        identifier: str,
        timeout: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> JobStatus:
        """
        Wait for a job to end, whatever happens to connections.

        @param timeout: Seconds after which it is a L{TimedOut}.

        @param sleep: Waits for so many seconds before another attempt.
        """
        request = _job(identifier)

        def attempt(limit: float | None) -> JobStatus:
            with closing(self.connect()) as connection:
                return statusOf(connection.waitJob(request, limit))

        return Patience(timeout, self.explain, sleep).insist(attempt)

    def delete(self, identifier: str) -> None:
        """
        Forget a job that has ended, and remove its log.
        """
        request = _job(identifier)
        self._ask(lambda connection: connection.deleteJob(request))

    def readLog(
        self,
        identifier: str,
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> Generator[Event, None, None]:
        """
        Read what a job has written, and what it writes from now on.

        Each byte comes once, whatever happens to connections, and is verified
        in the end.  A server of the original kind sends lines only; it is
        read from the beginning, and until the job has ended.

        @param follow: Go on until the job has ended.

        @param line: The first line wanted, counted from 0.

        @param last: How many lines are wanted of those there are.

        @param sleep: Waits for so many seconds before another attempt.

        @return: What happens, with L{Finished} as the last.
        """
        _job(identifier)
        whole = follow and line is None and last is None
        return LogReader(
            connect=self.connect,
            chunks=ChunkReading(identifier, sources, follow, line, last),
            lines=LineReading(identifier, sources) if whole else None,
            explain=self.explain,
            sleep=sleep,
        ).events()

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

    def _ask(
        self, question: Callable[[Connection], _Answer], unsure: str = ""
    ) -> _Answer:
        """
        Ask something over the connection that there is.

        @param unsure: What to say where it may have been done all the same.
        """
        if self._connection is None:
            self._connection = self.connect()
        try:
            return question(self._connection)
        except TimedOut as failure:
            raise TimedOut(failure.cause, unsure or failure.remedy) from None
        except Unreachable as failure:
            self.close()
            explained = self.explain(failure)
            if unsure and failure.sent:
                explained = Unreachable(explained.cause, unsure)
            raise explained from None


def _job(identifier: str) -> wire.Job:
    """
    Name a job.
    """
    try:
        return wire.Job(id=identifier)
    except (UnicodeError, ValueError):
        raise Unacceptable("the id of the job is not valid Unicode") from None


def _duration(seconds: float | None) -> Duration | None:
    """
    Write a time span for the wire.
    """
    if seconds is None:
        return None
    if not 0 <= seconds <= _LONGEST:
        raise Unacceptable(f"{seconds:g} seconds are not a time to wait")
    duration = Duration()
    duration.FromNanoseconds(round(seconds * 1_000_000_000))
    return duration
