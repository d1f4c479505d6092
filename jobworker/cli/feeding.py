"""
What a command that runs a job passes to it of its own standard input.
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
    Read standard input to its end, if it is a pipe, a socket or a file.

    @return: C{None} if it is something else, as a terminal or C{/dev/null}, or
        has nothing.

    @raise Unacceptable: If it is too long, or nothing arrives.
    """
    stream = sys.stdin
    if stream is None:
        return None
    try:
        descriptor = stream.fileno()
        mode = os.fstat(descriptor).st_mode
    except (OSError, ValueError):
        return None
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISREG(mode)):
        return None
    if not select([descriptor], [], [], patience)[0]:
        raise Unacceptable(
            f"standard input is open, but nothing arrives there for {patience:g} s",
            "'--stdin none' passes nothing, '--stdin -' waits longer",
        )
    return _read(descriptor)


def _read(descriptor: int) -> Input | None:
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
            raise Unreadable(f"cannot read standard input: {error.strerror}") from None
        if not piece:
            return Input.of(bytes(data)) if data else None
        data += piece
    raise Unacceptable(
        f"standard input has more than {MAX_INPUT} bytes",
        "have the job read a file where it runs, or pass nothing with '--stdin none'",
    )
