"""
Jobs as a table.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Final
from unicodedata import combining, east_asian_width

from ..client.values import JobStatus
from .colours import colourOf, painted
from .rendering import plain, stateOf
from .times import age

_HEADINGS: Final = ("ID", "OWNER", "STATE", "STARTED", "NAME", "COMMAND")

# The most columns that an owner, or a name, gets on a terminal.
_WORD: Final = 20

#: What shows that something is left out.
_DOTS: Final = "…"


def table(
    jobs: Sequence[JobStatus], now: int, columns: int | None, encoding: str = "utf-8"
) -> list[str]:
    """
    Write jobs as a table; with their names, if one of them has a name.

    @param now: Nanoseconds since the epoch.

    @param columns: How wide it may be.  C{None}: as wide as it must be for
        everything to be written out.

    @param encoding: In which it will be written; what that has no bytes for
        becomes an escape, which is wider.
    """
    shown = partial(_shown, encoding)
    dots = _DOTS if shown(_DOTS) == _DOTS else "~"
    length = 36 if columns is None else enough([job.identifier for job in jobs])
    word = sys.maxsize if columns is None else _WORD
    rows: list[tuple[str, ...]] = [_HEADINGS]
    rows += [
        (
            job.identifier[:length],
            _cut(shown(job.owner), word, dots),
            stateOf(job),
            "" if job.started is None else f"{age(now - job.started)} ago",
            _cut(shown(job.specification.name), word, dots),
            shown(shlex.join([job.program, *job.arguments])),
        )
        for job in jobs
    ]
    if not any(job.specification.name for job in jobs):
        rows = [(*row[:4], *row[5:]) for row in rows]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row, job in zip(rows, [None, *jobs], strict=True):
        cells = [
            cell + " " * (width + 2 - _width(cell))
            for cell, width in zip(row[:-1], widths, strict=False)
        ]
        line = "".join([*cells, row[-1]])
        line = line if columns is None else _cut(line, columns, dots)
        lines.append(_coloured(line, len("".join(cells[:2])), row[2], job))
    return lines


def _coloured(line: str, begin: int, state: str, job: JobStatus | None) -> str:
    """
    Show the state of a job in its colour.

    @param begin: Where that stands in the line.
    """
    if job is None or line[begin : begin + len(state)] != state:
        return line
    colour = painted(state, colourOf(job))
    return line[:begin] + colour + line[begin + len(state) :]


def enough(identifiers: Sequence[str]) -> int:
    """
    Say how many characters tell identifiers apart: eight at least.
    """
    ordered = sorted(identifiers)
    for length in range(8, 36):
        if all(one[:length] != other[:length] for one, other in pairwise(ordered)):
            return length
    return 36


def _shown(encoding: str, text: str) -> str:
    """
    Write a text as it will be seen.
    """
    return plain(text).encode(encoding, "backslashreplace").decode(encoding)


def _width(text: str) -> int:
    """
    Say how many columns of a terminal a text takes.
    """
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1
        for each in text
    )


def _cut(text: str, columns: int, dots: str) -> str:
    """
    Make a text fit, and show where something is left out.

    @param dots: With what, which is one column wide.
    """
    if _width(text) <= columns:
        return text
    kept, left = [], columns - 1
    for each in text:
        left -= _width(each)
        if left < 0:
            break
        kept.append(each)
    return "".join(kept) + dots
