"""
What a job finds on its standard input.
"""

from __future__ import annotations

import os
import stat
import sys
from select import select
from typing import Final

from ..bounds import MAX_INPUT
from ..client.failures import Unacceptable, Unreadable
from ..specification import Input

#: Seconds within which something must arrive, or the end.
PATIENCE: Final = 10.0


def passed(patience: float = PATIENCE) -> Input | None:
    """
    Read our standard input to its end, if it is a pipe, a socket or a file.

    @return: C{None} if it is something else, as a terminal or C{/dev/null}, or
        has nothing.

    @raise Unacceptable: If it is too long, or nothing arrives.
    """
    descriptor = _ours()
    if descriptor is None:
        return None
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode)):
        return None
    if not select([descriptor], [], [], patience)[0]:
        raise Unacceptable(
            f"standard input is open, but nothing arrives there for {patience:g} s",
            "'--stdin none' passes nothing, '--stdin -' waits longer",
        )
    return _read(descriptor, "standard input")


def named(given: str) -> Input | None:
    """
    Read what a flag names, to its end.

    @param given: The name of a file, C{"-"} for our standard input, or
        C{"none"} for nothing.

    @return: C{None} if there is nothing in it.

    @raise Unreadable: If it cannot be read.

    @raise Unacceptable: If it is too long.
    """
    if given == "none":
        return None
    if given == "-":
        descriptor = _ours()
        if descriptor is None:
            raise Unreadable(
                "standard input is closed", "'--stdin none' passes nothing"
            )
        return _read(descriptor, "standard input")
    try:
        descriptor = os.open(os.path.expanduser(given), os.O_RDONLY)
    except (OSError, ValueError) as error:
        raise Unreadable.of(repr(given), error) from None
    try:
        return _read(descriptor, repr(given))
    finally:
        os.close(descriptor)


def _ours() -> int | None:
    """
    Find our standard input, if it is open.
    """
    try:
        descriptor = None if sys.stdin is None else sys.stdin.fileno()
        if descriptor is not None:
            os.fstat(descriptor)
    except (OSError, ValueError):
        return None
    return descriptor


def _read(descriptor: int, what: str) -> Input | None:
    """
    Read to the end, or as far as it shows that it is too long.
    """
    data = bytearray()
    while len(data) <= MAX_INPUT:
        try:
            piece = os.read(descriptor, MAX_INPUT + 1 - len(data))
        except BlockingIOError:
            select([descriptor], [], [])
            continue
        except OSError as error:
            raise Unreadable.of(what, error) from None
        if not piece:
            return Input.of(bytes(data)) if data else None
        data += piece
    raise Unacceptable(
        f"{what} has more than {MAX_INPUT} bytes",
        "have the job read a file where it runs, or pass nothing with '--stdin none'",
    )
