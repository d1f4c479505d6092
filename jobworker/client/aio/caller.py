"""
Calling one server about jobs, by their ids, from an event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import TypeVar

from attrs import define, evolve, field

from ...jobs import Source
from ..addresses import Address
from ..channels import PATIENCE
from ..course import courseOf
from ..credentials import Credentials
from ..events import Event
from ..failures import Failure, TimedOut, Unreachable
from ..probing import explain
from ..questions import Question, awaiting, deleting, querying, signaling, stopping
from ..values import JobStatus
from ..waiting import Patience
from .connection import AsyncConnection
from .pool import Pool
from .reader import AsyncLogReader

_Answer = TypeVar("_Answer")


@define(eq=False)
class AsyncCaller:
    """
    A caller of one server, who knows jobs by their ids.

    It connects when it must.  Every method may raise a L{Failure}, which
    carries a cause and a remedy.  Use it in one event loop, and there in as many
    tasks as you like; a call ends when its task is cancelled.

    @ivar _patience: Seconds within which an answer must come that is due at once.
    @ivar _sleep: Waits for so many seconds before another attempt.
    """

    address: Address
    _credentials: Credentials
    _token: str = field(repr=False)
    _patience: float = PATIENCE
    _sleep: Callable[[float], Awaitable[object]] = field(
        default=asyncio.sleep, kw_only=True
    )
    _pool: Pool = field(init=False)
    _explaining: asyncio.Future[Failure] | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """
        Have no connection yet.
        """
        self._pool = Pool(self._connect)

    def _connect(self) -> AsyncConnection:
        """
        Make another connection.
        """
        return AsyncConnection.open(
            self.address, self._credentials, self._token, self._patience
        )

    async def stop(
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
        return await self._ask(stopping(identifier, force, signal, grace))

    async def query(self, identifier: str) -> JobStatus:
        """
        Find out about a job.
        """
        return await self._ask(querying(identifier))

    async def signal(self, identifier: str, number: int) -> JobStatus:
        """
        Send a signal to the process group of a job.

        @param number: The number of the signal, as L{signal.SIGUSR1}.

        @return: The job as it was then.
        """
        return await self._ask(signaling(identifier, number))

    async def wait(self, identifier: str, timeout: float | None = None) -> JobStatus:
        """
        Wait for a job to end, whatever happens to connections.

        @param timeout: Seconds after which it is a L{TimedOut}.
        """
        question = awaiting(identifier)
        patience = Patience(identifier, timeout)
        while True:
            try:
                async with self._pool.borrow() as connection:
                    return await connection.wait(question, patience.attempt())
            except TimedOut as failure:
                raise patience.over(failure) from None
            except Unreachable as failure:
                patience.lost()
                explained = await self.explain(failure)
            await self._sleep(patience.another(explained).delay)

    async def delete(self, identifier: str) -> None:
        """
        Forget a job that has ended, and remove its log.
        """
        await self._ask(deleting(identifier))

    def readLog(
        self,
        identifier: str,
        *,
        follow: bool = True,
        sources: Sequence[Source] = (Source.STDOUT, Source.STDERR),
        line: int | None = None,
        last: int | None = None,
    ) -> AsyncGenerator[Event, None]:
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
        return AsyncLogReader(
            self._pool.borrow, course, self.explain, self._sleep
        ).events()

    async def explain(self, failure: Unreachable) -> Failure:
        """
        Find out more about why there is no connection.

        This may take a few seconds.

        @return: Something else than an L{Unreachable} if it is of no use to try
            again.
        """
        if self._explaining is None:
            # Many may lose one connection; one look at it will do.
            self._explaining = asyncio.ensure_future(
                asyncio.to_thread(explain, failure, self.address, self._credentials)
            )
            self._explaining.add_done_callback(self._explained)
        return evolve(await asyncio.shield(self._explaining))

    def _explained(self, _: asyncio.Future[Failure]) -> None:
        """
        Have the next look for itself.
        """
        self._explaining = None

    async def close(self) -> None:
        """
        Disconnect, and end every call; to those who wait that is a
        L{ClientClosed}.  The client connects again when it must.
        """
        await self._pool.close()

    async def _ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask something that is answered soon.
        """
        try:
            async with self._pool.borrow() as connection:
                return await connection.ask(question)
        except TimedOut as failure:
            raise question.late(failure) from None
        except Unreachable as failure:
            raise question.lost(failure, await self.explain(failure)) from None
