"""
The course that the reading of a log takes: which way to read, and when to try
again.

Nothing here performs I/O.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field

from ..jobs import Source
from .events import Waiting
from .failures import Failure, Unsupported
from .questions import jobOf
from .readings import ChunkReading, LineReading, Reading
from .retrying import Attempts


@define(eq=False)
class Course:
    """
    Reading one log to its end, however often the connection is lost.

    @ivar _lines: What to do with a server that has no chunks; C{None}: give up.
    @ivar reading: What to attempt next.
    """

    _chunks: ChunkReading
    _lines: LineReading | None
    reading: Reading = field(init=False)
    _progress: int = field(default=0, init=False)
    _attempts: Attempts = field(factory=Attempts, init=False)

    def __attrs_post_init__(self) -> None:
        """
        Begin with chunks.
        """
        self.reading = self._chunks

    def unsupported(self, failure: Unsupported) -> None:
        """
        Go on in lines, as the server does not know better.

        @raise Unsupported: If that is of no use.
        """
        if self._lines is None or self.reading is self._lines or self._chunks.begun:
            raise failure
        self.reading = self._lines

    def another(self, failure: Failure) -> Waiting:
        """
        Decide after a connection was lost; see L{Attempts.another}.
        """
        if self.reading.progress != self._progress:
            self._progress = self.reading.progress
            self._attempts.progressed()
        return self._attempts.another(failure)


def courseOf(
    identifier: str,
    sources: Sequence[Source],
    follow: bool,
    line: int | None,
    last: int | None,
) -> Course:
    """
    Decide how to read a log.

    A server that has no chunks can only be read from the beginning, and until
    the job has ended.

    @raise Unacceptable: If no job can have this id.
    """
    jobOf(identifier)
    whole = follow and line is None and last is None
    return Course(
        ChunkReading(identifier, sources, follow, line, last),
        LineReading(identifier, sources) if whole else None,
    )
