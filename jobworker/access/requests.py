"""
Requests for tokens, as people write them: small files of YAML.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import yaml
from attrs import frozen

from ..errors import JobWorkerError

#: Bytes that a request may have.
LIMIT: Final = 64 * 1024

_KEYS: Final = ("name", "sub", "email", "roles", "groups")


@frozen(eq=False)
class BadTokenRequest(JobWorkerError):
    """
    A request for a token that nothing can be issued for.

    @ivar reason: What is wrong with it, in one line.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen
class TokenRequest:
    """
    What a token is to say.
    """

    subject: str
    name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def parseRequest(text: bytes) -> TokenRequest:
    """
    Read a request.

    @raise BadTokenRequest: If it is too long, no YAML, or does not say what a
        token needs.
    """
    fields = _load(text)
    for key in fields:
        if key not in _KEYS:
            raise BadTokenRequest(
                f"{key!r} is not a key of a token request; "
                f"these are: {', '.join(_KEYS)}"
            )
    subject = _text(fields, "sub")
    if not subject or not subject.isprintable():
        raise BadTokenRequest("'sub' is missing: it says whom the token is for")
    return TokenRequest(
        subject=subject,
        name=_text(fields, "name"),
        email=_text(fields, "email"),
        roles=_texts(fields, "roles"),
        groups=_texts(fields, "groups"),
    )


def _load(text: bytes) -> Mapping[object, object]:
    """
    Read a mapping from YAML.
    """
    if len(text) > LIMIT:
        raise BadTokenRequest(f"a token request has at most {LIMIT} bytes")
    try:
        fields = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        where = error.problem_mark
        line = f" in line {where.line + 1}" if where is not None else ""
        raise BadTokenRequest(f"this is not YAML{line}: {error.problem}") from None
    # PyYAML lets through what Python says of impossible dates, of numbers too
    # long, and of nesting too deep.
    except (yaml.YAMLError, ValueError, RecursionError):
        raise BadTokenRequest("this is not YAML that can be read") from None
    if not isinstance(fields, dict):
        raise BadTokenRequest(
            f"a token request is a mapping with the keys {', '.join(_KEYS)}"
        )
    return fields


def _text(fields: Mapping[object, object], key: str) -> str:
    """
    Get what must be a string, if it is there.
    """
    value = fields.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadTokenRequest(f"{key!r} must be a string; put it in quotes")
    return value


def _texts(fields: Mapping[object, object], key: str) -> tuple[str, ...]:
    """
    Get what must be a list of strings, if it is there.
    """
    value = fields.get(key)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadTokenRequest(f"{key!r} must be a list of strings")
    return tuple(value)
