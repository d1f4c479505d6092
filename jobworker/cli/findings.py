"""
What an examination has found, and how it is written.
"""

from __future__ import annotations

import json
from enum import Enum
from textwrap import fill
from typing import Final

from attrs import frozen

from ..errors import JobWorkerError
from .colours import Colour, painted
from .exits import Exit, exitFor
from .rendering import plain


class Verdict(Enum):
    """
    How good something is.

    @cvar NOTE: It is as it is meant to be, and good to know.
    @cvar SKIPPED: It could not be looked at.
    """

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


_COLOURS: Final = {
    Verdict.OK: Colour.GOOD,
    Verdict.NOTE: None,
    Verdict.WARNING: Colour.DOUBTFUL,
    Verdict.WRONG: Colour.BAD,
    Verdict.SKIPPED: Colour.FAINT,
}


@frozen
class Finding:
    """
    One thing that was looked at.

    @ivar check: What it is, in a word.
    @ivar said: What was found.
    @ivar remedy: What to do about it.
    @ivar code: What to exit with where this is what is wrong.
    """

    check: str
    verdict: Verdict
    said: str
    remedy: str = ""
    code: Exit = Exit.CONFIG

    def asText(self, columns: int | None = None) -> str:
        """
        Write it for people: as a line, or as several of so many columns that
        break between words.
        """
        mark = f"{self.verdict.value:<7}"
        said = plain(f"{self.said}; {self.remedy}" if self.remedy else self.said)
        text = f"{mark}  {self.check:<13}  "
        if columns is None:
            text += said
        else:
            text = fill(
                said,
                columns,
                initial_indent=text,
                subsequent_indent=" " * len(text),
                break_long_words=False,
                break_on_hyphens=False,
            )
        return painted(mark, _COLOURS[self.verdict]) + text.removeprefix(mark)

    def asJSON(self) -> str:
        """
        Write it as a line of JSON.
        """
        return json.dumps(
            {
                "check": self.check,
                "verdict": self.verdict.value,
                "message": self.said,
                "remedy": self.remedy or None,
            }
        )


def ok(check: str, said: str) -> Finding:
    """
    Find that something is well.
    """
    return Finding(check, Verdict.OK, said)


def note(check: str, said: str) -> Finding:
    """
    Find what is good to know.
    """
    return Finding(check, Verdict.NOTE, said)


def warning(check: str, said: str, remedy: str = "") -> Finding:
    """
    Find that something may become, or mean, trouble.
    """
    return Finding(check, Verdict.WARNING, said, remedy)


def wrong(check: str, said: str, remedy: str, code: Exit = Exit.CONFIG) -> Finding:
    """
    Find that something does not work.
    """
    return Finding(check, Verdict.WRONG, said, remedy, code)


def skipped(check: str, why: str) -> Finding:
    """
    Find that something cannot be looked at.
    """
    return Finding(check, Verdict.SKIPPED, why)


def failed(check: str, error: JobWorkerError) -> Finding:
    """
    Find that something went wrong, as an error says.
    """
    cause = getattr(error, "cause", None) or str(error)
    return wrong(check, cause, getattr(error, "remedy", ""), exitFor(error))
