"""
Decisions as lines of JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, Final

from attrs import frozen

from ..access.decisions import Decision
from ..jobs import Command
from ..packing import pack
from ..specification import NOTHING

# Characters that a command may have in a line; of a longer one the first
# arguments are written, and how many there are.
_LONGEST: Final = 64 * 1024


@frozen
class Started:
    """
    A call has started a job.
    """

    call: int
    job: str


@frozen
class Lost:
    """
    Lines could not be written.
    """

    lines: int


@frozen
class Entry:
    """
    Something to be written down.

    @ivar at: When it was: nanoseconds since the epoch.
    @ivar omitted: How many others like this were left out before it.
    @ivar command: What is to be started, as L{describeCommand} describes it.
    """

    at: int
    what: Decision | Started | Lost
    omitted: int = 0
    command: Mapping[str, Any] | None = None


def lineOf(entry: Entry) -> bytes:
    """
    Write an entry as one line of ASCII.
    """
    seconds, nanoseconds = divmod(entry.at, 1_000_000_000)
    at = datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)
    line: dict[str, Any] = {"time": f"{at.isoformat()}.{nanoseconds // 1000:06}Z"}
    match entry.what:
        case Started(call, job):
            line |= {"event": "started", "call": call, "job": job}
        case Lost(lines):
            line |= {"event": "lost", "lines": lines}
        case Decision():
            line |= _decision(entry.what)
    line |= entry.command or {}
    if entry.omitted:
        line["omitted"] = entry.omitted
    return json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n"


def _decision(decision: Decision) -> dict[str, Any]:
    """
    Say what was decided, and leave out what is not known.
    """
    line: dict[str, Any] = {
        "event": "call" if decision.method else "connection",
        "decision": "allowed" if decision.allowed else "refused",
        "call": decision.call,
        "method": decision.method,
        "peer": decision.address,
    }
    if decision.peer is not None:
        line["certificate"] = decision.peer.fingerprint
        line["names"] = sorted(decision.peer.names)
    if decision.caller is not None:
        line["subject"] = decision.caller.subject
        line["roles"] = sorted(decision.caller.roles)
    line |= {
        "job": decision.job,
        "cause": decision.cause,
        "reason": decision.reason,
    }
    return {key: value for key, value in line.items() if value not in ("", 0)}


def describeCommand(command: Command, redacted: bool = False) -> dict[str, Any]:
    """
    Say what is to be run, without values of variables, which may be secrets,
    and without what is too long.

    @param redacted: Whether arguments are only counted.
    """
    kept = [] if redacted else _cut(command.arguments)
    line: dict[str, Any] = {"command": [command.program[:_LONGEST], *kept]}
    if len(kept) < len(command.arguments):
        line["arguments"] = len(command.arguments)
    if command.specification != NOTHING:
        line["specification"] = json.loads(pack(command.specification.public()))
    return line


def _cut(arguments: Sequence[str]) -> list[str]:
    """
    Take as many arguments as a line may have.
    """
    left = _LONGEST
    kept: list[str] = []
    for argument in arguments:
        left -= len(argument) + 1
        if left < 0:
            break
        kept.append(argument)
    return kept
