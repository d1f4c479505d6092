"""
How long something is good for, and whether others can read it.
"""

from __future__ import annotations

import os
from typing import Final

from .findings import Finding, ok, warning, wrong
from .times import span

#: The last days in which something that expires is worth a warning, and the
#: last part of its life, whichever is less.
_DAYS: Final = 7 * 24 * 3600
_PART: Final = 5

RENEW: Final = "ask for a new one"


def lasting(check: str, said: str, begin: float, end: float, now: float) -> Finding:
    """
    Look at the time that something is made for.

    @param said: What it is.

    @param now: Seconds since the epoch, as the others.
    """
    if now >= end:
        return wrong(
            check,
            f"{said}, expired {span(now - end)} ago",
            f"{RENEW}, or set the clock of this machine",
        )
    if now < begin:
        return wrong(
            check,
            f"{said}, begins in {span(begin - now)}",
            "set the clock of this machine, or wait",
        )
    left = end - now
    if left < min(_DAYS, (end - begin) / _PART):
        return warning(check, f"{said}, expires in {span(left)}", RENEW)
    return ok(check, f"{said}, good for another {span(left)}")


def private(check: str, path: str) -> Finding | None:
    """
    See that nobody else can read a file.

    @return: C{None} if all is well.
    """
    mode = os.stat(path).st_mode & 0o777
    if not mode & 0o077:
        return None
    return warning(
        check, f"others may read {path} (mode {mode:04o})", f"chmod 600 {path}"
    )
