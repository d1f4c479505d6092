"""
What a token claims, checked and made into a caller.

By the time anything comes here its signature has been verified.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from ..errors import JobWorkerError
from .identity import Caller

#: Seconds by which the clocks of issuer and service may differ.
LEEWAY: Final = 30


@frozen(eq=False)
class BadToken(JobWorkerError):
    """
    The token does not say who calls.

    @ivar reason: Why, fit for logs and for the caller: nothing in it comes
        from the token.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


def parseClaims(claims: Mapping[str, object], issuer: str, now: float) -> Caller:
    """
    Make a caller of claims.

    @param issuer: Who must have issued them.

    @param now: Seconds since the epoch.

    @raise BadToken: If a claim is missing, of the wrong type, of somebody
        else, or if this is not the time that they are made for.
    """
    if _text(claims, "iss") != issuer:
        raise BadToken("the token comes from another issuer")
    # Tokens of ours are for no audience in particular; one that names an
    # audience is meant for another service (RFC 7519, section 4.1.3).
    if claims.get("aud"):
        raise BadToken("the token is meant for another audience")
    if _time(claims, "iat") > now + LEEWAY:
        raise BadToken("the token was issued in the future")
    if claims.get("nbf") is not None and _time(claims, "nbf") > now + LEEWAY:
        raise BadToken("the token is not valid yet")
    subject = _text(claims, "sub")
    if not subject or not subject.isprintable():
        raise BadToken("claim 'sub' of the token is not a name")
    caller = Caller(
        subject=subject,
        name=_text(claims, "name", ""),
        email=_text(claims, "email", ""),
        roles=_texts(claims, "roles"),
        groups=_texts(claims, "groups"),
        expires=_time(claims, "exp"),
    )
    requireUnexpired(caller, now)
    return caller


def requireUnexpired(caller: Caller, now: float) -> None:
    """
    Refuse a caller whose token has ended.

    @raise BadToken: If it has.
    """
    if now >= caller.expires + LEEWAY:
        raise BadToken("the token has expired")


def _text(claims: Mapping[str, object], claim: str, default: str | None = None) -> str:
    """
    Get a claim that is a string.
    """
    value = claims.get(claim, default)
    if value is None:
        raise BadToken(f"the token has no claim {claim!r}")
    if not isinstance(value, str):
        raise BadToken(f"claim {claim!r} of the token is not a string")
    return value


def _texts(claims: Mapping[str, object], claim: str) -> frozenset[str]:
    """
    Get a claim that is a list of strings.

    Go writes a list that was never set as C{null}.
    """
    value = claims.get(claim)
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadToken(f"claim {claim!r} of the token is not a list of strings")
    return frozenset(value)


def _time(claims: Mapping[str, object], claim: str) -> int:
    """
    Get a claim that is a time, in whole seconds.
    """
    value = claims.get(claim)
    if value is None:
        raise BadToken(f"the token has no claim {claim!r}")
    # A bool is an int to Python, and JSON of Python knows infinity.
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
    ):
        raise BadToken(f"claim {claim!r} of the token is not a time")
    return int(value)
