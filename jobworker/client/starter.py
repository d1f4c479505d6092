"""
Starting a job over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Protocol

from attrs import define, evolve, field

from ..specification import NOTHING, Specification
from .events import Waiting
from .failures import Failure, TimedOut, Unacceptable, Unreachable, Unsupported
from .keys import makeKey
from .retrying import Attempts
from .values import ServerInfo

if TYPE_CHECKING:
    from .job import Job


class StartingClient(Protocol):
    """
    What a starter needs of a client.
    """

    def start(self, command: Sequence[str], specification: Specification = ...) -> Job:
        """
        Start a job.
        """

    def info(self) -> ServerInfo:
        """
        Find out about the server.
        """

    def close(self) -> None:
        """
        Disconnect, to connect again with the next call.
        """


@define(eq=False)
class Starter:
    """
    Starts one job once, however often the connection is lost.

    The start has a key, so that another attempt is the same start.  A server of
    the original kind knows no keys: where it may have started the job, there is
    no other attempt.  It is not given a job either that asks for more than a
    command, which it would not notice.

    @ivar _sleep: Waits for so many seconds before another attempt.
    @ivar perhaps: Whether a server may have started it.
    """

    _client: StartingClient
    _sleep: Callable[[float], object]
    perhaps: bool = field(default=False, init=False)
    _attempts: Attempts = field(factory=Attempts, init=False)

    def start(
        self, command: Sequence[str], wanted: Specification
    ) -> Generator[Waiting, None, Job]:
        """
        Start it.

        @return: How often it is waited, and the job in the end.

        @raise Failure: If it cannot be started, or nobody knows.
        """
        asks = wanted != NOTHING
        keyed = wanted if wanted.key else evolve(wanted, key=makeKey())
        lost = Unreachable("nothing was attempted")
        while True:
            refusal = None
            try:
                if asks or self.perhaps:
                    refusal = self._refusal(lost)
                if refusal is None:
                    return self._start(command, keyed)
            except Unreachable as failure:
                lost = failure
            if refusal is not None:
                raise refusal
            waiting = self._attempts.another(lost)
            yield waiting
            self._sleep(waiting.delay)

    def _start(self, command: Sequence[str], keyed: Specification) -> Job:
        """
        Make one attempt.

        @raise Unreachable: If there may be another.
        """
        try:
            return self._client.start(command, keyed)
        except TimedOut as failure:
            self.perhaps = True
            # What swallowed this would swallow the next one too.
            self._client.close()
            raise Unreachable(failure.cause, failure.remedy, sent=True) from None
        except Unreachable as failure:
            self.perhaps = self.perhaps or failure.sent
            raise
        except KeyboardInterrupt:
            self.perhaps = True
            raise

    def _refusal(self, lost: Unreachable) -> Failure | None:
        """
        Say why the server should not be asked: it is of the original kind.

        @param lost: What became of the attempt before.

        @raise Unreachable: If it cannot be known.
        """
        try:
            self._client.info()
        except Unsupported:
            if self.perhaps:
                said = "the job may have been started all the same"
                return Unreachable(lost.cause, said)
            return Unacceptable(
                "the server is of the original kind and starts commands only",
                "leave out the flags, and give the job nothing on its standard input",
            )
        except TimedOut as failure:
            self._client.close()
            raise Unreachable(failure.cause, failure.remedy) from None
        return None
