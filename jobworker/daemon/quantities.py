"""
Sizes and times as people write them on a command line.
"""

from __future__ import annotations

import re
from typing import Final

_SIZE: Final = re.compile(r"([0-9]+)(\.[0-9]+)? ?([KMGT]?)(?:i?B)?", re.IGNORECASE)
_FACTORS: Final = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}

_TIME: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(ms|s|m|h|d|w)?")
_SECONDS: Final = {
    "ms": 0.001,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86_400.0,
    "w": 604_800.0,
}


def parseSize(text: str) -> int:
    """
    Read a size, C{"1G"} or C{"512 MiB"}; the units are powers of 1024.

    @return: Bytes.

    @raise ValueError: If it is none; says what one looks like.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size; write 512K, 100M or 2G")
    factor = _FACTORS[match[3].upper()]
    return int(match[1]) * factor + int(float(match[2] or 0) * factor)


def parseTime(text: str) -> float:
    """
    Read a length of time, C{"90"}, C{"10m"} or C{"7d"}.

    @return: Seconds.

    @raise ValueError: If it is none; says what one looks like.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time; write 90 (seconds), 10m, 12h or 7d")
    return float(match[1]) * _SECONDS[match[2] or "s"]
