"""
The commands that make tokens and show them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

import click

from ..client.credentials import loadToken, looksLikeToken
from ..client.failures import Unreadable
from ..client.target import gather
from ..errors import CannotCreate
from .files import cannotWrite, writePrivate
from .options import said
from .parameters import NumberType, jsonOption
from .rendering import plain
from .times import span

_DAY: Final = 24 * 3600

#: Bytes that a file may have of which only a few are of use.
_LIMIT: Final = 1024 * 1024


@click.group(no_args_is_help=False)
def token() -> None:
    """
    Make tokens, and look at them.
    """


@token.command()
@click.option(
    "--request",
    required=True,
    metavar="FILE",
    help="What the token is to say, in YAML: sub, name, email, roles, groups.",
)
@click.option(
    "--key",
    required=True,
    metavar="FILE",
    help="The private key that signs tokens, in PEM.",
)
@click.option("--out", required=True, metavar="FILE", help="Where to write the token.")
@click.option(
    "--issuer",
    default="jobworker",
    show_default=True,
    metavar="NAME",
    help="Who issues it; the service accepts tokens of one issuer.",
)
@click.option(
    "--days",
    type=NumberType(0, 3650, min_open=True),
    default=30,
    show_default=True,
    help="How long it is good for.",
)
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@jsonOption("")
def issue(
    request: str,
    key: str,
    out: str,
    issuer: str,
    days: float,
    force: bool,
    wantsJSON: bool,
) -> None:
    """
    Sign a token.

    Only the owner of the file can read it.
    """
    from ..access.keys import loadSigningKey
    from ..access.requests import parseRequest
    from ..access.tokens import issue as sign
    from ..access.tokens import readUnverified

    asked = parseRequest(_read(request))
    life = max(1, round(days * _DAY))
    made = sign(asked, loadSigningKey(_read(key)), issuer, time.time(), life)
    # Other clients send what is in the file, and a newline cannot be sent.
    _write(out, made.encode("ascii"), force)
    if wantsJSON:
        click.echo(json.dumps({"file": out, "claims": dict(readUnverified(made))}))


@token.command()
@click.argument("given", metavar="[FILE|TOKEN]", required=False)
@jsonOption("")
def show(given: str | None, wantsJSON: bool) -> None:
    """
    Print what a token claims.

    If none is given, that is the one that other commands show to the server.  Its
    signature is not verified: anybody can make a token that looks so.
    """
    from ..access.tokens import readUnverified

    claims = readUnverified(_inForce() if given is None else _given(given))
    now = time.time()
    if wantsJSON:
        click.echo(_asJSON(claims, now))
        return
    for line in describe(claims, now):
        click.echo(line)


def describe(claims: Mapping[str, object], now: float) -> list[str]:
    """
    Write what a token claims, and what that means now.

    @param now: Seconds since the epoch.
    """
    lines = [
        f"{plain(str(name)) + ':':<11}{plain(_words(name, value))}"
        for name, value in claims.items()
    ]
    lines.append(f"{'validity:':<11}{_validity(claims, now)}")
    lines.append("Nothing of this was verified: the signature was not looked at.")
    return lines


def _asJSON(claims: Mapping[str, object], now: float) -> str:
    """
    Write what a token claims as one line of JSON.
    """
    from ..access.claims import BadToken

    validity = _validity(claims, now)
    said = {"claims": dict(claims), "validity": validity, "verified": False}
    try:
        return json.dumps(said, allow_nan=False)
    except ValueError:
        raise BadToken("the token claims a number that there is not") from None


def _words(name: str, value: object) -> str:
    """
    Write the value of one claim.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    moment = _moment(value) if name in ("iat", "exp", "nbf") else None
    if moment is not None:
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    return json.dumps(value)


def _moment(value: object) -> datetime | None:
    """
    Read a time of a claim, if it is one.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return None


def _validity(claims: Mapping[str, object], now: float) -> str:
    """
    Say in words whether a token is in force.
    """
    begin, end = claims.get("iat"), claims.get("exp")
    if _moment(begin) is None or _moment(end) is None:
        return "none; a token needs the claims iat and exp"
    assert isinstance(begin, int | float)
    assert isinstance(end, int | float)
    if now >= end:
        return f"expired {span(now - end)} ago"
    if now < begin:
        return f"begins in {span(begin - now)}"
    return f"good for another {span(end - now)}"


def _inForce() -> str:
    """
    Find the token that counts.
    """
    heard = said({})
    setting = gather(heard.environment, heard.named, heard.flags).get("token")
    if setting is None:
        raise click.UsageError("which token? give it, or the file that it is in")
    return loadToken(setting.values[0])


def _given(given: str) -> str:
    """
    Take a token, or read one; what may be one is not repeated in errors.
    """
    if looksLikeToken(given):
        return given.strip()
    return _read(given).decode("latin-1").strip()


def _read(path: str) -> bytes:
    """
    Read a small file.
    """
    try:
        with open(path, "rb") as file:
            return file.read(_LIMIT)
    except (OSError, ValueError) as error:
        raise Unreadable.of(repr(path), error) from None


def _write(path: str, content: bytes, force: bool) -> None:
    """
    Write a token.
    """
    try:
        writePrivate(Path(path), content, force)
    except FileExistsError:
        raise CannotCreate(
            f"{path!r} exists already; use --force to overwrite it"
        ) from None
    except (OSError, ValueError) as error:
        raise cannotWrite(path, error) from None
