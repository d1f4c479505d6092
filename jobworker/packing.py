"""
Specifications as JSON, and back: so they are stored, and go from one process
to another.

What asks for nothing is left out.  A field that nobody here knows is an error:
it would ask for something in vain.
"""

from __future__ import annotations

import json
from typing import Any, Final

from .specification import NOTHING, Input, ResourceLimit, Specification

#: Fields that are stored as they are.
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
