"""
Finding where lines begin.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..jobs import Source
from .files import LogFiles
from .lines import LineCursor
from .walking import Offsets


def offsetsOfLine(files: LogFiles, sources: Iterable[Source], line: int) -> Offsets:
    """
    Find where a line begins: for each source, the first byte that belongs to
    that line or a later one.  Lines are counted over these sources alone.

    This may take long: about a second for some gigabytes.

    @return: If the line was dropped, the beginning of each source, so that
        whoever reads from there is told of the gap.
    """
    begin = dict.fromkeys(sources, 0)
    cursor = LineCursor(files, line, dict(begin))
    return cursor.begins() if cursor.skip() else begin


def offsetsOfLast(files: LogFiles, sources: Iterable[Source], count: int) -> Offsets:
    """
    Find where the last lines begin, an unfinished one included.

    This may take long: about a second for some gigabytes.
    """
    wanted = tuple(sources)
    cursor = LineCursor(files, 2**63, dict.fromkeys(wanted, 0))
    cursor.skip()
    if count == 0:
        return cursor.reached()
    total = cursor.number + cursor.unfinished()
    return offsetsOfLine(files, wanted, max(0, total - count))
