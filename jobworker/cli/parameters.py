"""
What flags may be given.
"""

from __future__ import annotations

import math
import re
import time
from datetime import datetime
from signal import SIGRTMAX, Signals
from typing import Any, Final

import click

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_SPAN: Final = re.compile(
    r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII
)

#: The seconds that each of its units has.
_UNITS: Final = (86_400, 3600, 60, 1)


class SignalType(click.ParamType):  # type: ignore[type-arg]
    """
    A signal, by name or number.
    """

    name = "signal"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """
        Read C{"TERM"}, C{"sigterm"} or C{"15"}.
        """
        text = str(value).upper()
        if text.isascii() and text.isdecimal() and 0 < int(text) <= SIGRTMAX:
            return int(text)
        name = text if text.startswith("SIG") else f"SIG{text}"
        if name not in Signals.__members__:
            self.fail(
                f"{value!r} is no signal; write it as TERM, SIGTERM or 15", param, ctx
            )
        return int(Signals[name])


class NumberType(click.FloatRange):
    """
    A number within a range, which what is no number is not.
    """

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """
        Read a number.
        """
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


class TimeType(click.ParamType):  # type: ignore[type-arg]
    """
    A time, written as such or as how long ago it was: nanoseconds since the
    epoch.
    """

    name = "time"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> int:
        """
        Read C{"2026-01-31T12:00:00Z"}, C{"90s"} or C{"1h30m"}.
        """
        text = str(value)
        span = _SPAN.fullmatch(text)
        if text and span is not None:
            pairs = zip(span.groups("0"), _UNITS, strict=True)
            seconds = sum(int(count) * unit for count, unit in pairs)
            return time.time_ns() - seconds * 10**9
        try:
            return _nanoseconds(text)
        except ValueError:
            self.fail(
                f"{value!r} is no time; write it as 2026-01-31T12:00:00Z, or as 90s, "
                "10m, 2h or 1d for how long ago it was",
                param,
                ctx,
            )


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
