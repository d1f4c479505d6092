"""
What is known of a job, written for people and for programs.
"""

from __future__ import annotations

import json
import shlex
from signal import Signals

from ..client.values import JobStatus


def asJSON(status: JobStatus) -> str:
    """
    Write a job as one line of JSON.
    """
    return json.dumps(
        {
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
        }
    )


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
    if status.exitCode is not None:
        rows["exit code"] = str(status.exitCode)
    if status.signal is not None:
        rows["signal"] = signalName(status.signal)
    if status.cause and status.cause != status.state.value:
        rows["cause"] = status.cause
    if status.reason:
        rows["reason"] = status.reason
    return "\n".join(f"{key + ':':<11}{plain(value)}" for key, value in rows.items())


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
