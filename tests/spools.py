"""
Logs on disk for tests of what reads them, and what they should say.
"""

from __future__ import annotations

import contextlib
import resource
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st

from jobworker.jobs import Source
from jobworker.logs.numbering import Numbering
from jobworker.logs.reading import MAX_LINE, Chunk, Gap
from jobworker.logs.spool import Spool, createSpool

_T = TypeVar("_T")

Piece: TypeAlias = tuple[Source, bytes]
Writes: TypeAlias = Sequence[Piece]


class Script(list[tuple[Source, bytes]]):
    """
    What is written, in order; a long piece is shown by its beginning.
    """

    def __repr__(self) -> str:
        return str([(s.name, len(data), data[:20]) for s, data in self])


# Mostly short, with newlines and bytes that are no UTF-8.
short = st.tuples(
    st.sampled_from(Source),
    st.one_of(
        st.binary(min_size=1, max_size=20),
        st.text("a\n\u00e9\u20ac", min_size=1, max_size=20).map(str.encode),
    ),
)
# About as long as the longest line or chunk.
long = st.tuples(
    st.sampled_from(Source),
    st.sampled_from(
        [
            (unit * size)[:size]
            for unit in (b"x", "\u00e9".encode(), "\u20ac".encode(), b"\x80")
            for size in range(MAX_LINE - 1, MAX_LINE + 3)
        ]
    ),
)
writes: st.SearchStrategy[Writes] = st.builds(
    lambda *parts: Script(piece for part in parts for piece in part),
    st.lists(short, max_size=5),
    st.lists(long, max_size=1),
    st.lists(short, max_size=5),
)


def writeSpool(path: str, what: Writes, seal: bool = True) -> None:
    """
    Write a log: one frame for each piece, a nanosecond apart.
    """
    spool = createSpool(path, count(1).__next__)
    extend(spool, what)
    if seal:
        spool.seal()
    spool.close()


def extend(spool: Spool, what: Writes) -> None:
    """
    Add to a log.
    """
    for source, data in what:
        spool.append(source, data)


def drop(spool: Spool) -> None:
    """
    Drop all whole lines that a log has, as a log at its limit does.
    """
    place = Numbering(spool.reader, dict.fromkeys(Source, 0))
    while segment := place.peek(True):
        place.go(segment, 2**63, True)
    spool.drop(place.floor(spool.floor.sequence + 1))


def content(what: Iterable[tuple[Source, bytes]], source: Source) -> bytes:
    """
    All that was written to a source.
    """
    return b"".join(data for each, data in what if each is source)


def bytesOf(items: Iterable[Chunk | Gap], source: Source) -> bytes:
    """
    All that was read of a source from which nothing must be missing.
    """
    return b"".join(
        item.data if isinstance(item, Chunk) else b"(a gap)"
        for item in items
        if item.source is source
    )


def everything(read: Callable[[int], list[_T]], limit: int = 1000) -> list[_T]:
    """
    Read to the end.

    @param read: What a cursor reads with.
    @param limit: How much that does at once.
    """
    items: list[_T] = []
    while more := read(limit):
        items += more
    return items


@contextlib.contextmanager
def fileLimit(size: int) -> Iterator[None]:
    """
    Let no file become longer, as if the disk were full.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
