"""
What becomes of the events of a log where lines matter.

Nothing here performs I/O or reads a clock: events come in, and other events go
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from attrs import define, field, frozen

from ..client.events import Event, Finished, Missing, Output
from ..client.failures import Failure, Unsupported
from ..jobs import Source

#: Bytes of a line that are kept until its end comes; what is longer becomes
#: lines of this size.
PIECE: Final = 2**16

#: Writes a line, which is given without its newline.
Writer: TypeAlias = Callable[[bytes], bytes]


def led(lead: bytes) -> Writer:
    """
    Write lines with something before each.
    """
    return lambda line: b"%b%b\n" % (lead, line)


def timed(events: Iterable[Event]) -> Iterator[Event]:
    """
    Pass on what a server tells that knows times.

    @raise Unsupported: When output comes from one that does not.
    """
    for event in events:
        if isinstance(event, Output) and not event.time:
            raise Unsupported(
                "the server does not tell when a job wrote something",
                "leave out --since and --timestamps",
            )
        yield event


def since(events: Iterable[Event], time: int) -> Iterator[Event]:
    """
    Leave out lines that began before a time.

    What comes behind the first line of a source that did not is passed on as it
    is, though the server's clock should go back.  What is missing is always
    told, as nobody knows when it was written.

    @param time: Nanoseconds since the epoch.
    """
    passing: set[Source] = set()
    inLine: set[Source] = set()
    for event in events:
        if isinstance(event, Missing):
            inLine.discard(event.source)
        if not isinstance(event, Output) or event.source in passing:
            yield event
            continue
        source, data = event.source, event.data
        if event.time < time:
            if data.endswith(b"\n"):
                inLine.discard(source)
            else:
                inLine.add(source)
            continue
        if source in inLine:
            _, newline, data = data.partition(b"\n")
            if not newline:
                continue
        passing.add(source)
        if data:
            offset = event.offset + len(event.data) - len(data)
            yield Output(source, offset, event.time, data)


@frozen
class _Unfinished:
    """
    A line whose end has not come.

    @ivar offset: How many bytes of the source come before it.
    @ivar time: When it began.
    """

    offset: int
    time: int
    data: bytes = b""


@define(eq=False)
class Lines:
    """
    Makes whole lines of what a job writes, each of them written anew.

    A line that is too long is passed on in pieces, and what ends without a
    newline gets one.

    @ivar _writer: Chooses how a line of a source, and of a time, is written.
    """

    _writer: Callable[[Source, int], Writer]
    _unfinished: dict[Source, _Unfinished] = field(factory=dict, init=False)

    def of(self, events: Iterable[Event]) -> Iterator[Event]:
        """
        Pass on events, with whole lines as output.  Where there are no more, be it
        that who waits for them is interrupted, what was kept comes last.
        """
        try:
            for event in events:
                if isinstance(event, Output):
                    yield from self._cut(event)
                    continue
                if isinstance(event, Missing):
                    yield from self._finish([event.source])
                elif isinstance(event, Finished):
                    yield from self._finish([*self._unfinished])
                yield event
        except (Failure, KeyboardInterrupt):
            yield from self._finish([*self._unfinished])
            raise

    def _cut(self, output: Output) -> Iterator[Output]:
        """
        Make lines of what has come, and keep what has no end.
        """
        source = output.source
        first = self._unfinished.pop(source, _Unfinished(output.offset, output.time))
        write = self._writer(source, first.time)
        later = self._writer(source, output.time)
        lines = output.data.split(b"\n")
        lines[0] = first.data + lines[0]
        *whole, rest = lines
        written = [
            _written(line, later if number else write, later)
            for number, line in enumerate(whole)
        ]
        # The last piece waits for its end, be it a whole one.
        cut = max(0, len(rest) - 1) // PIECE * PIECE
        if cut:
            written.append(_written(rest[:cut], later if whole else write, later))
        if rest:
            end = output.offset + len(output.data)
            # What was kept before is no longer than a piece.
            time = output.time if whole or cut else first.time
            kept = _Unfinished(end - len(rest) + cut, time, rest[cut:])
            self._unfinished[source] = kept
        if written:
            yield Output(source, first.offset, first.time, b"".join(written))

    def _finish(self, sources: Iterable[Source]) -> Iterator[Output]:
        """
        End lines whose end does not come.
        """
        for source in sources:
            kept = self._unfinished.pop(source, None)
            if kept is not None:
                write = self._writer(source, kept.time)
                data = _written(kept.data, write, write)
                yield Output(source, kept.offset, kept.time, data)


def _written(line: bytes, write: Writer, later: Writer) -> bytes:
    """
    Write a line, or the pieces of one that is too long.

    @param later: Writes each piece but the first.
    """
    pieces = (line[begin : begin + PIECE] for begin in range(PIECE, len(line), PIECE))
    return b"".join([write(line[:PIECE]), *map(later, pieces)])
