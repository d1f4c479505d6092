"""
The types of what flags may be given, and the one flag that most commands have.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from datetime import datetime
from signal import SIGRTMAX, Signals
from typing import Any, Final, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)

_SPAN: Final = re.compile(
    r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?", re.ASCII
)

#: The seconds that each of its units has.
_UNITS: Final = (86_400, 3600, 60, 1)


def jsonOption(text: str) -> Callable[[_Function], _Function]:
    """
    Make the flag that asks for output for programs.

    @param text: How much of it one line has.
    """
    return click.option(
        "--json", "wantsJSON", is_flag=True, help=f"Print one JSON object{text}."
    )


class TextType(click.ParamType):  # type: ignore[type-arg]
    """
    What a function reads from a text.
    """

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        """
        @param name: What it is.

        @param read: Reads it; a L{ValueError} says why it cannot.
        """
        self.name = name
        self._read = read

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> object:
        """
        Read a text.  What is none is a default, or was read before.
        """
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class NumberType(click.FloatRange):
    """
    A number within a range, which what is no number is not.
    """

    name = "number"

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
            self.fail(f"{value!r} is not a valid number", param, ctx)
        return number


class CountType(click.IntRange):
    """
    A whole number within a range.
    """

    name = "whole number"


def _signal(text: str) -> int:
    """
    Read C{"TERM"}, C{"sigterm"} or C{"15"}.
    """
    name = text.upper()
    if name.isascii() and name.isdecimal() and 0 < int(name) <= SIGRTMAX:
        return int(name)
    name = name if name.startswith("SIG") else f"SIG{name}"
    if name not in Signals.__members__:
        raise ValueError(f"{text!r} is no signal; write it as TERM, SIGTERM or 15")
    return int(Signals[name])


def _time(text: str) -> int:
    """
    Read C{"2026-01-31T12:00:00Z"}, C{"90s"} or C{"1h30m"}.
    """
    span = _SPAN.fullmatch(text)
    if text and span is not None:
        pairs = zip(span.groups("0"), _UNITS, strict=True)
        return time.time_ns() - sum(int(count) * unit for count, unit in pairs) * 10**9
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


#: A signal, by name or number.
SIGNAL: Final = TextType("signal", _signal)

#: A time, written as such or as how long ago it was: nanoseconds since the epoch.
TIME: Final = TextType("time", _time)
