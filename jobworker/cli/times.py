"""
Times and time spans, as people read and write them.
"""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Final

_DAY: Final = 86_400

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_SPAN: Final = re.compile(
    r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII
)

#: The seconds that each of its units has.
_SECONDS: Final = (_DAY, 3600, 60, 1)

# In UTC.
_EPOCH: Final = datetime(1970, 1, 1)

# Seconds, and the unit that ages below so many of them are written in.
_UNITS: Final = ((120, 1, "s"), (7200, 60, "m"), (172_800, 3600, "h"))


def asTime(nanoseconds: int | None) -> str | None:
    """
    Write a time, given since the epoch, as C{"2026-01-31T12:00:00.000000Z"}.
    """
    if nanoseconds is None:
        return None
    at = _EPOCH + timedelta(microseconds=nanoseconds // 1000)
    return at.isoformat(timespec="microseconds") + "Z"


def span(seconds: float) -> str:
    """
    Write a time span in the largest unit that fits, as C{"3 days"}.
    """
    for unit, size in (("day", _DAY), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return f"{int(seconds)} s"


def age(nanoseconds: int) -> str:
    """
    Write a time span in the unit that fits, as short as C{"90m"}.
    """
    seconds = max(nanoseconds // 1_000_000_000, 0)
    for below, unit, name in _UNITS:
        if seconds < below:
            return f"{seconds // unit}{name}"
    return f"{seconds // _DAY}d"


def readSpan(text: str) -> int | None:
    """
    Read C{"90s"} or C{"1h30m"}.

    @return: Seconds; C{None} if it is something else.
    """
    found = _SPAN.fullmatch(text)
    if not text or found is None:
        return None
    pairs = zip(found.groups("0"), _SECONDS, strict=True)
    return sum(int(count) * unit for count, unit in pairs)


def readTime(text: str) -> int:
    """
    Read C{"2026-01-31T12:00:00Z"}, or how long ago it was, as C{"90s"} or
    C{"1h30m"}.

    @return: Nanoseconds since the epoch.

    @raise ValueError: If it is neither; it says so.
    """
    ago = readSpan(text)
    if ago is not None:
        return time.time_ns() - ago * 10**9
    try:
        return _nanoseconds(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no time; write it as 2026-01-31T12:00:00Z, or as 90s, 10m, "
            "2h or 1d for how long ago it was"
        ) from None


def _nanoseconds(text: str) -> int:
    """
    Read a time as RFC 3339 has it.

    @return: Nanoseconds since the epoch.

    @raise ValueError: If it is none.
    """
    whole = _TIME.fullmatch(text)
    if whole is None:
        raise ValueError(text)
    date, clock, fraction, zone = whole.groups("")
    zone = zone.upper().replace("Z", "+00:00")
    at = datetime.fromisoformat(f"{date}T{clock}{zone}")
    return int(at.timestamp()) * 10**9 + int(f"{fraction:0<9.9}")
