"""
Messages and statuses of the wire, made into what the rest of the client knows.

Which failure a status becomes is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import grpc

from ..api import worker_pb2 as wire
from ..jobs import Source
from .failures import (
    Exhausted,
    Failure,
    Forbidden,
    ServerFailed,
    StopIgnored,
    TimedOut,
    Unacceptable,
    UnknownJob,
    Unreachable,
    Unsupported,
    WrongState,
)
from .specifying import conditionsOf, specificationOf
from .values import Guarantee, JobStatus, ServerInfo, State

_STATES: Final = {
    wire.RUNNING: State.RUNNING,
    wire.STOPPED: State.STOPPED,
    wire.EXITED: State.EXITED,
    wire.LOST: State.LOST,
}

_UNAUTHORIZED: Final = (
    Forbidden,
    "'jobworker token show' says whom a token is for and what it allows",
)

_FAILURES: Final[Mapping[grpc.StatusCode, tuple[type[Failure], str]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: (Unacceptable, ""),
    grpc.StatusCode.OUT_OF_RANGE: (Unacceptable, ""),
    grpc.StatusCode.NOT_FOUND: (UnknownJob, "check the id"),
    grpc.StatusCode.ALREADY_EXISTS: (WrongState, ""),
    grpc.StatusCode.FAILED_PRECONDITION: (WrongState, ""),
    grpc.StatusCode.PERMISSION_DENIED: _UNAUTHORIZED,
    grpc.StatusCode.UNAUTHENTICATED: _UNAUTHORIZED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: (Exhausted, "ask for less, or try again later"),
    grpc.StatusCode.UNIMPLEMENTED: (
        Unsupported,
        "the server is older than this client, or no job worker at all",
    ),
    grpc.StatusCode.UNAVAILABLE: (Unreachable, ""),
    grpc.StatusCode.CANCELLED: (Unreachable, ""),
    grpc.StatusCode.ABORTED: (Unreachable, ""),
}

#: What to do about some of what servers of our kind say.
_REMEDIES: Final[Mapping[str, str]] = {
    "token has expired": "ask for a new one, as 'jobworker token issue' makes it",
    "no resume token": "leave it out to begin now",
    "started differently": "start the same with it, or give another key",
    "already ended": "'jobworker query' says how",
    "command not found": "name a program of the server's host, or its path there",
    "command is empty": "name a program of the server's host",
    "permission to run": "make it executable for the user of the job",
    "format that cannot be run": "name one for the server's host, or what runs it",
    "cannot change to": "name one on the server's host that the job may enter",
    "above that of the service": "ask for less, or have the service started with more",
    "this host has no": "name one that the server's host has",
    "does not run as root": "start the job without a user of its own",
}

#: What gRPC says when the time limit of the caller is over, as opposed to
#: what a server says.
_OUR_DEADLINE: Final = "Deadline Exceeded"

#: How gRPC calls it, whatever the status, when a connection ends during a call.
_LOST: Final = ("Received RST_STREAM", "Stream removed", "Socket closed")

#: How it begins when there was never a connection.
_UNCONNECTED: Final = ("failed to connect", "errors resolving", "DNS resolution")

_INSIST: Final = "use --force to kill it"


def failureOf(code: grpc.StatusCode, details: str) -> Failure:
    """
    Make a failure of a status.
    """
    said = details or code.name
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        if details == _OUR_DEADLINE:
            return TimedOut(
                "the server did not answer in time",
                "try again, and look after the server if that does not help",
            )
        if "force" in details or "running" in details:
            return StopIgnored(said, "" if "force" in details else _INSIST)
        return TimedOut(said, f"try again; for a job that ignores a stop, {_INSIST}")
    if details.startswith(_LOST):
        return Unreachable(said, sent=True)
    kind, remedy = _FAILURES.get(
        code, (ServerFailed, "the log of the server says more")
    )
    for words, better in _REMEDIES.items():
        remedy = better if words in details else remedy
    if kind is Unreachable:
        return Unreachable(said, remedy, not details.startswith(_UNCONNECTED))
    return kind(said, remedy)


def infoOf(message: wire.ServerInfo) -> ServerInfo:
    """
    Read what a server says about itself.
    """
    return ServerInfo(
        message.version,
        message.supervisor_version,
        message.supervisor_problem,
        message.time,
        {limit.name: limit.value for limit in message.limits},
        tuple(
            Guarantee(each.name, each.holds, each.reason) for each in message.guarantees
        ),
    )


def statusOf(message: wire.JobStatus) -> JobStatus:
    """
    Read what a server says about a job.
    """
    status = message.status
    state = _STATES.get(status.state, State.UNKNOWN)
    code: int | None = status.exitCode
    if state in (State.RUNNING, State.LOST) or status.exitCode < 0 or status.signal:
        code = None
    cause = ""
    if status.cause and status.cause in wire.Cause.values():
        name = wire.Cause.Name(status.cause)
        cause = name.removeprefix("CAUSE_").replace("_", " ").lower()
    return JobStatus(
        identifier=message.job.id,
        program=message.command.cmd,
        arguments=tuple(message.command.args),
        owner=message.owner,
        pid=status.pid,
        state=state,
        exitCode=code,
        signal=status.signal or None,
        cause=cause,
        reason=status.reason,
        started=message.started or None,
        ended=message.ended or None,
        created=message.created or None,
        userTime=message.usage.user if message.HasField("usage") else None,
        systemTime=message.usage.system if message.HasField("usage") else None,
        peakMemory=(
            message.usage.peak_memory if message.usage.HasField("peak_memory") else None
        ),
        peakIsBound=message.usage.peak_is_bound,
        written=_writtenOf(message),
        specification=specificationOf(message.command),
        inForce=conditionsOf(message.in_force)
        if message.HasField("in_force")
        else None,
    )


def _writtenOf(message: wire.JobStatus) -> dict[Source, int] | None:
    """
    Read how much a job has written, to the sources that are known here.
    """
    known = {int(source): source for source in Source}
    return {
        known[each.source]: each.bytes
        for each in message.written
        if each.source in known
    } or None
