"""
What a job was given beside its command, and what was in force for it, in the
words of the flags.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..client.keys import isMade
from ..conditions import Conditions
from ..specification import UNLIMITED, ResourceLimit, Specification


def asked(wanted: Specification) -> dict[str, Any]:
    """
    Name what was asked for, and leave out what was not.
    """
    unset = [name for name, value in wanted.environment if value is None]
    names = [name for name, value in wanted.environment if value is not None]
    fields: dict[str, Any] = {
        "name": wanted.name or None,
        "labels": dict(wanted.labels) or None,
        "once": None if isMade(wanted.key) else wanted.key or None,
        "user": wanted.user or None,
        "group": wanted.group or None,
        "cwd": wanted.directory or None,
        "umask": None if wanted.umask is None else f"{wanted.umask:03o}",
        "nice": wanted.nice,
        "limits": _limits(wanted.limits) or None,
        "env": names or None,
        "unset": unset or None,
        "timeout": wanted.timeout,
        "idle_timeout": wanted.idleTimeout,
        "stop_signal": wanted.stopSignal or None,
        "stop_grace": wanted.stopGrace,
        "stdin_bytes": None if wanted.input is None else wanted.input.size,
    }
    return {name: value for name, value in fields.items() if value is not None}


def inForce(found: Conditions) -> dict[str, Any]:
    """
    Name what was in force.
    """
    return {
        "uid": found.userNumber,
        "user": found.user or None,
        "gid": found.groupNumber,
        "group": found.group or None,
        "cwd": found.directory,
        "umask": f"{found.umask:03o}",
        "nice": found.nice,
        "limits": _limits(found.limits),
        "env": list(found.variables),
        "stop_signal": found.stopSignal,
        "stop_grace": found.stopGrace,
        "log_limit": found.logLimit or None,
        "log_policy": found.logPolicy or None,
    }


def inWords(value: object) -> str:
    """
    Write a value of L{asked} for people.
    """
    if isinstance(value, dict):
        return " ".join(f"{name}={inWords(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limits(limits: Iterable[ResourceLimit]) -> dict[str, str]:
    return {
        each.resource: f"{_limit(each.soft)}:{_limit(each.hard)}" for each in limits
    }


def _limit(value: int) -> int | str:
    return "unlimited" if value == UNLIMITED else value
