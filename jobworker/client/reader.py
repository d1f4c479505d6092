"""
Reading a log over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from typing import Final

from attrs import define, field

from .events import Event, Waiting
from .failures import Failure, Unreachable, Unsupported
from .readings import ChunkReading, LineReading, LogConnection, Reading

#: Seconds to wait before each new attempt.  When an attempt after the last
#: fails too, there is no other.
DELAYS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


@define(eq=False)
class LogReader:
    """
    Reads one log to its end, however often the connection is lost.

    Nothing is fetched that is not asked for: who takes events slowly slows the
    server's sending to him, and nothing else.

    @ivar _lines: What to do with a server that has no chunks; C{None}: give up.
    """

    _connect: Callable[[], LogConnection]
    _chunks: ChunkReading
    _lines: LineReading | None
    _explain: Callable[[Unreachable], Failure]
    _sleep: Callable[[float], None]
    _reading: Reading = field(init=False)

    def __attrs_post_init__(self) -> None:
        """
        Begin with chunks.
        """
        self._reading = self._chunks

    def events(self) -> Generator[Event, None, None]:
        """
        Read the log.

        @return: What happens, L{Finished} last.

        @raise Failure: If the log cannot be read, or not any more, or is not
            what the job wrote.
        """
        failed, progress = 0, self._reading.progress
        while True:
            try:
                yield from self._attempt()
                return
            except Unreachable as failure:
                if self._reading.progress != progress:
                    failed, progress = 0, self._reading.progress
                explained = self._explain(failure)
            if failed == len(DELAYS) or not isinstance(explained, Unreachable):
                raise explained
            yield Waiting(explained, DELAYS[failed])
            self._sleep(DELAYS[failed])
            failed += 1

    def _attempt(self) -> Iterator[Event]:
        """
        Read on over a new connection.
        """
        connection = self._connect()
        try:
            yield from self._supported(connection)
        finally:
            connection.close()

    def _supported(self, connection: LogConnection) -> Iterator[Event]:
        """
        Read on in chunks, or in lines if the server does not know better.
        """
        try:
            yield from self._reading.attempt(connection)
        except Unsupported:
            if self._lines is None or self._reading is self._lines:
                raise
            if self._chunks.begun:
                raise
            self._reading = self._lines
            yield from self._reading.attempt(connection)
