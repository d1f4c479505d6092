"""
What a job shall have, as a message, and read from one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as wire
from ..conditions import Conditions
from ..specification import NOTHING, Input, ResourceLimit, Specification
from .failures import Unacceptable

_OTHER_BYTES: Final = "have a shell make the other bytes, as in printf '\\377'"


def commandOf(words: Sequence[str], wanted: Specification) -> wire.Command:
    """
    Write what is to be started.

    @param words: The program and its arguments.

    @raise Unacceptable: If there is no program, or the wire cannot carry it.
    """
    if isinstance(words, str) or not words:
        raise Unacceptable(
            "a command is a list of a program and its arguments",
            "for a line of shell write ['sh', '-c', line]",
        )
    try:
        command = wire.Command() if wanted == NOTHING else _specify(wanted)
    except UnicodeError:
        raise Unacceptable(
            "what the job shall have must be valid Unicode", _OTHER_BYTES
        ) from None
    except (ValueError, TypeError) as error:
        raise Unacceptable(
            f"what the job shall have cannot be sent: {error}",
            "texts must be texts, and numbers in the range of their kind",
        ) from None
    try:
        command.cmd, *arguments = words
        command.args.extend(arguments)
    except (UnicodeError, ValueError, TypeError):
        raise Unacceptable(
            "command and arguments must be valid Unicode", _OTHER_BYTES
        ) from None
    return command


def specificationOf(message: wire.Command) -> Specification:
    """
    Read what a job was given, as far as a server tells: neither the values of
    variables nor the bytes of its input are told.
    """
    environment: dict[str, str | None] = dict(message.environment)
    environment.update(dict.fromkeys(message.unset))
    size = message.stdin_bytes
    return Specification(
        environment=environment,
        directory=message.directory,
        umask=message.umask if message.HasField("umask") else None,
        nice=message.nice if message.HasField("nice") else None,
        limits=_limitsOf(message.limits),
        timeout=_seconds(message, "timeout"),
        idleTimeout=_seconds(message, "idle_timeout"),
        stopSignal=message.stop_signal,
        stopGrace=_seconds(message, "stop_grace"),
        labels=message.labels,
        name=message.name,
        key=message.key,
        input=Input(size, "") if size else None,
        user=message.user,
        group=message.group,
    )


def conditionsOf(message: wire.Conditions) -> Conditions:
    """
    Read what was in force for a job.
    """
    return Conditions(
        directory=message.directory,
        umask=message.umask,
        nice=message.nice,
        limits=_limitsOf(message.limits),
        userNumber=message.user_number,
        user=message.user,
        groupNumber=message.group_number,
        group=message.group,
        variables=tuple(message.variables),
        stopSignal=message.stop_signal,
        stopGrace=_seconds(message, "stop_grace"),
        logLimit=message.log_limit,
        logPolicy=message.log_policy,
    )


def _limitsOf(messages: Iterable[wire.ResourceLimit]) -> tuple[ResourceLimit, ...]:
    return tuple(
        ResourceLimit(each.resource, each.soft, each.hard) for each in messages
    )


def _specify(wanted: Specification) -> wire.Command:
    """
    Write what is wanted, in a command that has nothing else.
    """
    return wire.Command(
        environment={
            name: value for name, value in wanted.environment if value is not None
        },
        unset=[name for name, value in wanted.environment if value is None],
        directory=wanted.directory,
        umask=wanted.umask,
        nice=wanted.nice,
        limits=[
            wire.ResourceLimit(resource=each.resource, soft=each.soft, hard=each.hard)
            for each in wanted.limits
        ],
        timeout=_duration(wanted.timeout),
        idle_timeout=_duration(wanted.idleTimeout),
        stop_signal=wanted.stopSignal,
        stop_grace=_duration(wanted.stopGrace),
        labels=dict(wanted.labels),
        name=wanted.name,
        key=wanted.key,
        stdin=None if wanted.input is None else wanted.input.data,
        user=wanted.user,
        group=wanted.group,
    )


def _seconds(message: wire.Command | wire.Conditions, field: str) -> float | None:
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    return duration.seconds + duration.nanos / 1e9


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    whole, part = divmod(round(seconds * 1e9), 10**9)
    return Duration(seconds=whole, nanos=part)
