"""
The types of what flags may be given, and the one flag that most commands have.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from signal import SIGRTMAX, Signals
from typing import Any, Final, TypeVar

import click

from .times import readSpan, readTime

_Function = TypeVar("_Function", bound=Callable[..., Any])


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


class SpanType(NumberType):
    """
    A time span: a number of seconds, or written as C{"90s"} or C{"1h30m"}.
    """

    name = "time span"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """
        Read a time span.
        """
        seconds = readSpan(value) if isinstance(value, str) else value
        try:
            seconds = float(value if seconds is None else seconds)
        except ValueError:
            self.fail(
                f"{value!r} is no time span; write seconds, or as 90s, 10m, 2h or 1d",
                param,
                ctx,
            )
        return super().convert(seconds, param, ctx)


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


#: A signal, by name or number.
SIGNAL: Final = TextType("signal", _signal)

#: A time, written as such or as how long ago it was: nanoseconds since the epoch.
TIME: Final = TextType("time", readTime)
