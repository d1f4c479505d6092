"""
What is known of a job, written for people and for programs.
"""

from __future__ import annotations

import json
import shlex
from signal import Signals
from typing import Any

from ..client.values import JobStatus
from .asked import asked, inForce, inWords
from .times import asTime


def asJSON(status: JobStatus) -> str:
    """
    Write a job as one line of JSON.
    """
    return json.dumps(asObject(status))


def asObject(status: JobStatus) -> dict[str, Any]:
    """
    Say what is known of a job, for JSON.
    """
    found = status.inForce
    told = {} if found is None else {"in_force": inForce(found)}
    return {
        "id": status.identifier,
        "cmd": status.program,
        "args": status.arguments,
        "owner": status.owner,
        "pid": status.pid,
        "state": status.state.value,
        "exit_code": status.exitCode,
        "signal": status.signal,
        "cause": status.cause,
        "reason": status.reason,
        "created": asTime(status.created),
        "started": asTime(status.started),
        "ended": asTime(status.ended),
        "user_time": _seconds(status.userTime),
        "system_time": _seconds(status.systemTime),
        "peak_memory": None if status.peakIsBound else status.peakMemory,
        "peak_memory_at_most": status.peakMemory if status.peakIsBound else None,
        "written": status.written
        and {each.name.lower(): size for each, size in status.written.items()},
        "asked": asked(status.specification),
        **told,
    }


def asText(status: JobStatus) -> str:
    """
    Write a job as a few lines for people.
    """
    rows = {
        "id": status.identifier,
        "command": shlex.join([status.program, *status.arguments]),
        "owner": status.owner,
        "pid": str(status.pid),
        "state": status.state.value,
    }
    for name, at in (("started", status.started), ("ended", status.ended)):
        if at is not None:
            rows[name] = str(asTime(at))
    if status.userTime is not None and status.systemTime is not None:
        used = status.userTime + status.systemTime
        rows["cpu time"] = f"{used / 1e9:.3f} s"
    if status.peakMemory is not None:
        most = "at most " if status.peakIsBound else ""
        rows["memory"] = f"{most}{status.peakMemory / 2**20:.1f} MiB"
    if status.written:
        rows["written"] = (
            ", ".join(
                f"{size} bytes to {each.name.lower()}"
                for each, size in status.written.items()
                if size
            )
            or "nothing"
        )
    if status.exitCode is not None:
        rows["exit code"] = str(status.exitCode)
    if status.signal is not None:
        rows["signal"] = signalName(status.signal)
    if status.cause and status.cause != status.state.value:
        rows["cause"] = status.cause
    if status.reason:
        rows["reason"] = status.reason
    for name, value in asked(status.specification).items():
        rows[name.replace("_", " ")] = inWords(value)
    width = max(11, *(len(key) + 2 for key in rows))
    return "\n".join(
        f"{key + ':':<{width}}{plain(value)}" for key, value in rows.items()
    )


def _seconds(nanoseconds: int | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e9


def stateOf(status: JobStatus) -> str:
    """
    Write in a word or two what became of a job, as C{"exited 3"}.
    """
    if status.signal is not None:
        return f"{status.state.value} {signalName(status.signal).split()[0]}"
    if status.exitCode is not None:
        return f"{status.state.value} {status.exitCode}"
    return status.state.value


def signalName(number: int) -> str:
    """
    Write a signal as C{"SIGKILL (9)"}.
    """
    try:
        return f"{Signals(number).name} ({number})"
    except ValueError:
        return str(number)


def plain(text: str) -> str:
    """
    Write what came from outside so that it cannot control a terminal.
    """
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in text
    )
