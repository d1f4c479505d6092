"""
The flags that say what a job shall have beside its command.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final, TypeVar

import click

from ..bounds import MAX_GRACE, MAX_NICE, MAX_TIME
from ..client.failures import Unacceptable
from ..specification import RESOURCES, UNLIMITED, ResourceLimit, Specification
from .parameters import SIGNAL, CountType, SpanType, TextType
from .stdin import named

_Result = TypeVar("_Result")

#: What is in a line of shell rather than in the name of a command.
_LINE: Final = frozenset(" |;&<>$")


def _pair(text: str) -> tuple[str, str]:
    """
    Read C{"NAME=VALUE"}.
    """
    name, equals, rest = text.partition("=")
    if not name or not equals:
        raise ValueError(f"{text!r} is not written as NAME=VALUE")
    return name, rest


def _limit(text: str) -> ResourceLimit:
    """
    Read C{"nofile=1024"}, C{"nofile=1024:4096"} or C{"core=unlimited"}.
    """
    name, _, rest = text.partition("=")
    soft, _, hard = rest.partition(":")
    if name not in RESOURCES:
        known = ", ".join(RESOURCES)
        raise ValueError(f"{name!r} is no limit; those are {known}")
    try:
        return ResourceLimit(name, _number(soft), _number(hard or soft))
    except ValueError:
        raise ValueError(f"{text!r} is not written as NAME=SOFT[:HARD]") from None


def _number(text: str) -> int:
    """
    Read one of the two numbers of a limit.
    """
    if text == "unlimited":
        return UNLIMITED
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def _something(text: str) -> str:
    """
    Read what must not be empty.
    """
    if not text:
        raise ValueError("it is empty")
    return text


def _mask(text: str) -> int:
    """
    Read C{"027"}.
    """
    try:
        mask = int(text, 8)
    except ValueError:
        mask = -1
    if not 0 <= mask <= 0o777:
        raise ValueError(f"{text!r} is no mask of 0 to 777, in octal")
    return mask


_PAIR: Final = TextType("pair", _pair)
_SOME: Final = TextType("text", _something)
_TIME: Final = SpanType(0, MAX_TIME, min_open=True)

_OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "--env": {
        "type": _PAIR,
        "multiple": True,
        "metavar": "NAME=VALUE",
        "help": "Set a variable; may be given more than once.",
    },
    "--unset": {
        "multiple": True,
        "metavar": "NAME",
        "help": "Unset a variable; may be given more than once.",
    },
    "--user": {
        "metavar": "NAME",
        "help": "The user that the job runs as; this takes the role system.admin.",
    },
    "--group": {"metavar": "NAME", "help": "The group, if not that of the user."},
    "--cwd": {"metavar": "DIR", "help": "The working directory, an absolute path."},
    "--umask": {
        "type": TextType("mask", _mask),
        "metavar": "MODE",
        "help": "The file mode creation mask, in octal.",
    },
    "--nice": {
        "type": CountType(0, MAX_NICE),
        "metavar": "N",
        "help": "The niceness.",
    },
    "--limit": {
        "type": TextType("limit", _limit),
        "multiple": True,
        "metavar": "NAME=SOFT[:HARD]",
        "help": "Limit a resource, as nofile=1024; may be given more than once.",
    },
    "--timeout": {
        "type": _TIME,
        "metavar": "SECONDS",
        "help": "End the job when it has run for so long, as 90 or 1h30m.",
    },
    "--idle-timeout": {
        "type": _TIME,
        "metavar": "SECONDS",
        "help": "End the job when it has written nothing for so long.",
    },
    "--stop-signal": {
        "type": SIGNAL,
        "metavar": "NAME",
        "help": "The signal that it is asked to end with, instead of TERM.",
    },
    "--stop-grace": {
        "type": SpanType(0, MAX_GRACE),
        "metavar": "SECONDS",
        "help": "Kill what is left of it so long after it was asked to end.",
    },
    "--label": {
        "type": _PAIR,
        "multiple": True,
        "metavar": "NAME=VALUE",
        "help": "Something to find the job by; may be given more than once.",
    },
    "--name": {
        "type": _SOME,
        "metavar": "NAME",
        "help": "What you call the job.",
    },
    # --key is the private key of the caller.
    "--once": {
        "type": _SOME,
        "metavar": "KEY",
        "help": "Start it once: the same start with the same key is the same job.",
    },
    "--stdin": {
        "metavar": "FILE|-|none",
        "help": "A file that the job finds on its standard input; - is ours.",
    },
}


def specifying(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """
    Give a command those flags.  It gets what follows from them as
    C{specification}, a L{Specification}.
    """

    @wraps(function)
    def command(*args: Any, **kwargs: Any) -> _Result:
        """
        Take the flags from the others.
        """
        said = {
            flag: kwargs.pop(flag.lstrip("-").replace("-", "_")) for flag in _OPTIONS
        }
        return function(*args, specification=_specification(said), **kwargs)

    for flag, details in reversed(_OPTIONS.items()):
        click.option(flag, **details)(command)
    return command


@contextmanager
def explained(words: Sequence[str]) -> Iterator[None]:
    """
    Where a whole line was given as the name of a command, say what can be done.
    """
    try:
        yield
    except Unacceptable as failure:
        isLine = len(words) == 1 and set(words[0]).intersection(_LINE)
        # What is said of any name that is not found is of no use for a line.
        notFound = failure.cause.startswith("command not found")
        if not isLine or (failure.remedy and not notFound):
            raise
        raise Unacceptable(
            failure.cause,
            "each argument is a word of its own; for a line of shell write "
            f"sh -c {shlex.quote(words[0])}",
        ) from None


def _specification(said: dict[str, Any]) -> Specification:
    """
    Make one of flags.
    """
    environment: dict[str, str | None] = dict(said["--env"])
    for name in said["--unset"]:
        if name in environment:
            raise click.UsageError(
                f"the variable {name} is set and unset, or unset twice"
            )
        environment[name] = None
    return Specification(
        environment=environment,
        user=said["--user"] or "",
        group=said["--group"] or "",
        directory=said["--cwd"] or "",
        umask=said["--umask"],
        nice=said["--nice"],
        limits=said["--limit"],
        timeout=said["--timeout"],
        idleTimeout=said["--idle-timeout"],
        stopSignal=said["--stop-signal"] or 0,
        stopGrace=said["--stop-grace"],
        labels=dict(said["--label"]),
        name=said["--name"] or "",
        key=said["--once"] or "",
        input=named(said["--stdin"] or "none"),
    )
