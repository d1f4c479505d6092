"""
What is known of jobs, as messages of the wire, and their endings in words.
"""

from __future__ import annotations

from signal import Signals
from typing import Final

from ..api import worker_pb2 as pb
from ..jobs import Cause, Phase, Record, Source
from .specifying import asText, describeConditions, describeSpecification

#: Sources, as the wire calls them.
SOURCES: Final = {Source.STDOUT: pb.STDOUT, Source.STDERR: pb.STDERR}

#: How the wire calls what became of a job.
STATES: Final = {
    Cause.EXITED: pb.EXITED,
    Cause.SIGNALED: pb.EXITED,
    Cause.STOPPED: pb.STOPPED,
    Cause.LOG_LIMIT: pb.STOPPED,
    Cause.TIMED_OUT: pb.STOPPED,
    Cause.IDLE: pb.STOPPED,
    Cause.LOST: pb.LOST,
}

_CAUSES: Final = {
    Cause.EXITED: pb.CAUSE_EXITED,
    Cause.SIGNALED: pb.CAUSE_SIGNALED,
    Cause.STOPPED: pb.CAUSE_STOPPED,
    Cause.LOG_LIMIT: pb.CAUSE_LOG_LIMIT,
    Cause.TIMED_OUT: pb.CAUSE_TIMED_OUT,
    Cause.IDLE: pb.CAUSE_IDLE,
    Cause.LOST: pb.CAUSE_LOST,
}


def describe(record: Record) -> pb.JobStatus:
    """
    Say what is known of a job.
    """
    command = describeSpecification(record.command.specification)
    command.cmd = asText(record.command.program)
    command.args.extend(asText(argument) for argument in record.command.arguments)
    usage, written = record.usage, record.written
    return pb.JobStatus(
        job=pb.Job(id=record.identifier),
        command=command,
        owner=asText(record.owner),
        status=_describeProcess(record),
        created=record.created or 0,
        started=record.started,
        ended=0 if record.ending is None else record.ending.at,
        usage=(
            None
            if usage is None
            else pb.Usage(
                user=usage.user,
                system=usage.system,
                peak_memory=usage.peak,
                peak_is_bound=usage.bound,
            )
        ),
        written=(
            []
            if written is None
            else [
                pb.Written(source=pb.STDOUT, bytes=written.stdout),
                pb.Written(source=pb.STDERR, bytes=written.stderr),
            ]
        ),
    )


def describeWholly(record: Record) -> pb.JobStatus:
    """
    Say what is known of a job, and what was in force for it.
    """
    status = describe(record)
    if record.conditions is not None:
        status.in_force.CopyFrom(describeConditions(record.conditions))
    return status


def explain(record: Record) -> str:
    """
    Say in words how a job ended; nothing if it exited with 0.
    """
    ending = record.ending
    if ending is None:
        return ""
    by = f" by {record.stop.by}" if record.stop is not None else ""
    words = {
        Cause.EXITED: "exited",
        Cause.SIGNALED: "ended",
        Cause.STOPPED: f"stopped{by}",
        Cause.LOG_LIMIT: "stopped because its log reached its limit",
        Cause.TIMED_OUT: "stopped because it ran for too long",
        Cause.IDLE: "stopped because it wrote nothing for too long",
        Cause.LOST: "lost",
    }[ending.cause]
    if ending.status is not None and ending.status.signal is not None:
        words += f", by signal {ending.status.signal}{_nameOf(ending.status.signal)}"
    elif ending.status is not None:
        if ending.cause is Cause.EXITED and ending.status.code == 0:
            return ""
        words += f" with code {ending.status.code}"
    if ending.reason:
        words += f": {asText(ending.reason)}"
    return f"Job {record.identifier} {words}"


def _describeProcess(record: Record) -> pb.ProcessStatus:
    """
    Say what is known of the command of a job.
    """
    status = pb.ProcessStatus(pid=record.process.pid, exitCode=-1)
    ending = record.ending
    if record.phase is Phase.ENDED and ending is not None:
        status.state = STATES[ending.cause]
        status.cause = _CAUSES[ending.cause]
        status.reason = asText(ending.reason)
        if ending.status is not None:
            if ending.status.code is not None:
                status.exitCode = ending.status.code
            status.signal = ending.status.signal or 0
    return status


def _nameOf(signal: int) -> str:
    try:
        return f" ({Signals(signal).name})"
    except ValueError:
        return ""
