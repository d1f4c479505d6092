"""
Waiting for news of jobs, in the gRPC thread.
"""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future

from attrs import define, field

from ..errors import ShuttingDown
from ..jobs import Phase, Record


@define(eq=False)
class Bell:
    """
    Wakes somebody when there is news.

    @ivar closing: Whether the service is ending.
    """

    _loop: AbstractEventLoop
    closing: bool = field(default=False, kw_only=True)
    _rung: bool = field(default=False, init=False)
    _waiting: Future[None] | None = field(default=None, init=False)

    def ring(self) -> None:
        """
        There is news.
        """
        self._rung = True
        self._wake()

    def requireOpen(self) -> None:
        """
        Go on only if the service does.

        @raise ShuttingDown: If it is ending.
        """
        if self.closing:
            raise ShuttingDown

    async def wait(self, seconds: float) -> bool:
        """
        Wait for news since the last wait.

        @param seconds: For how long.

        @return: Whether there are any.

        @raise ShuttingDown: If the service is ending.
        """
        if not self._rung and not self.closing:
            self._waiting = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._wake)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        self.requireOpen()
        rung, self._rung = self._rung, False
        return rung

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


@define(eq=False)
class Follower(Bell):
    """
    Somebody who wants to know when there is more of a job to be told.

    @ivar record: The newest that is known of the job.
    """

    record: Record

    @property
    def ended(self) -> bool:
        """
        Whether the job has ended.
        """
        return self.record.phase is Phase.ENDED
