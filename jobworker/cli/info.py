"""
The command that tells about the server.
"""

from __future__ import annotations

import json

import click

from ..client.values import ServerInfo
from .options import Settings, withServer
from .parameters import jsonOption
from .rendering import plain
from .times import asTime


@click.command()
@jsonOption("")
@withServer
def info(settings: Settings, wantsJSON: bool) -> None:
    """
    Print the versions, limits and guarantees of the server.
    """
    with settings.client() as client:
        found = client.info()
    click.echo(_asJSON(found) if wantsJSON else _asText(found))


def _asJSON(found: ServerInfo) -> str:
    """
    Write it as one line of JSON.
    """
    return json.dumps(
        {
            "version": found.version,
            "supervisor_version": found.supervisorVersion,
            "supervisor_problem": found.supervisorProblem,
            "time": asTime(found.time),
            "limits": dict(found.limits),
            "guarantees": {
                each.name: {"holds": each.holds, "reason": each.reason}
                for each in found.guarantees
            },
        }
    )


def _asText(found: ServerInfo) -> str:
    """
    Write it as lines for people.
    """
    supervisor = found.supervisorVersion or found.supervisorProblem
    lines = [
        f"gateway:     {plain(found.version)}",
        f"supervisor:  {plain(supervisor)}",
        f"time:        {asTime(found.time)}",
    ]
    for name, value in found.limits.items():
        lines.append(f"limit:       {_words(name)}: {value or 'none'}")
    for each in found.guarantees:
        verdict = "yes" if each.holds else f"no: {plain(each.reason)}"
        lines.append(f"guarantee:   {_words(each.name)}: {verdict}")
    return "\n".join(lines)


def _words(name: str) -> str:
    return plain(name.replace("_", " "))
