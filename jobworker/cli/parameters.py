"""
What flags may be given.
"""

from __future__ import annotations

import math
from signal import SIGRTMAX, Signals
from typing import Any

import click


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
