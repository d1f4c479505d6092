"""
What jobs ask for and what they find as JSON, and back: so it is stored, and
goes from one process to another.

Of a specification, what asks for nothing is left out; a field that nobody here
knows is an error: it would ask for something in vain.  Conditions are whole,
and such a field is of no importance: nobody waits for it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

from attrs import asdict, fields

from .conditions import Conditions
from .specification import NOTHING, Input, ResourceLimit, Specification

# Fields of specifications that are stored as they are.
_PLAIN: Final = {
    "directory": str,
    "umask": int,
    "nice": int,
    "timeout": float,
    "idleTimeout": float,
    "stopSignal": int,
    "stopGrace": float,
    "name": str,
    "key": str,
    "user": str,
    "group": str,
}

# Most jobs find the same as others; so many different conditions are
# remembered, written and read.
_REMEMBERED: Final = 256


def pack(wanted: Specification) -> str:
    """
    Write a specification as a JSON object, without the bytes of its input.
    """
    if wanted == NOTHING:
        return "{}"
    packed: dict[str, Any] = {
        field: getattr(wanted, field)
        for field in _PLAIN
        if getattr(wanted, field) != getattr(NOTHING, field)
    }
    if wanted.environment:
        packed["environment"] = dict(wanted.environment)
    if wanted.labels:
        packed["labels"] = dict(wanted.labels)
    if wanted.limits:
        packed["limits"] = {
            limit.resource: [limit.soft, limit.hard] for limit in wanted.limits
        }
    if wanted.input is not None:
        packed["input"] = [wanted.input.size, wanted.input.digest]
    return json.dumps(packed, ensure_ascii=False)


def unpack(text: str, data: bytes | None = None) -> Specification:
    """
    Read what L{pack} has written.

    @param data: The bytes of the input, if they are wanted.

    @raise ValueError: If it is anything else.
    """
    if text in ("", "{}"):
        return NOTHING
    packed = json.loads(text)
    try:
        fields = {
            field: kind(packed.pop(field))
            for field, kind in _PLAIN.items()
            if field in packed
        }
        size, digest = packed.pop("input", (None, None))
        limits = packed.pop("limits", {})
        return Specification(
            limits=[ResourceLimit(name, *both) for name, both in limits.items()],
            input=None if size is None else Input(size, digest, data),
            environment=packed.pop("environment", {}),
            labels=packed.pop("labels", {}),
            **fields,
            **packed,
        )
    except (AttributeError, TypeError) as error:
        raise ValueError(f"no specification: {error}") from error


@lru_cache(_REMEMBERED)
def packConditions(conditions: Conditions) -> str:
    """
    Write conditions as a JSON object.
    """
    packed = asdict(conditions, recurse=False)
    packed["limits"] = {
        each.resource: [each.soft, each.hard] for each in conditions.limits
    }
    return json.dumps(packed, ensure_ascii=False)


@lru_cache(_REMEMBERED)
def unpackConditions(text: str) -> Conditions:
    """
    Read what L{packConditions} has written, here or in a later version: that
    may know of more, which is left out.

    @raise ValueError: If it is anything else.
    """
    try:
        packed: dict[str, Any] = json.loads(text)
        known = {each.name: packed[each.name] for each in fields(Conditions)}
        known["limits"] = tuple(
            ResourceLimit(name, *both) for name, both in known["limits"].items()
        )
        known["variables"] = tuple(known["variables"])
        return Conditions(**known)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"no conditions: {error}") from error
