"""
What a start asks for, made into a value and checked, and made into a message
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from google.protobuf.duration_pb2 import Duration

from ..api import worker_pb2 as pb
from ..bounds import check
from ..conditions import Conditions
from ..errors import BadSpecification
from ..specification import Input, ResourceLimit, Specification


def parseSpecification(message: pb.Command) -> Specification:
    """
    Find out what is asked for.

    @raise BadSpecification: If nobody can have that.
    """
    environment: dict[str, str | None] = dict(message.environment)
    for name in message.unset:
        if name in environment:
            raise BadSpecification(
                "unset", f"{name[:128]!r} is set and unset, or twice"
            )
        environment[name] = None
    wanted = Specification(
        environment=environment,
        directory=message.directory,
        umask=message.umask if message.HasField("umask") else None,
        nice=message.nice if message.HasField("nice") else None,
        limits=map(_limit, message.limits),
        timeout=_seconds(message, "timeout"),
        idleTimeout=_seconds(message, "idle_timeout"),
        stopSignal=message.stop_signal,
        stopGrace=_seconds(message, "stop_grace"),
        labels=message.labels,
        name=message.name,
        key=message.key,
        input=Input.of(message.stdin) if message.stdin else None,
        user=message.user,
        group=message.group,
    )
    check(wanted)
    return wanted


def describeSpecification(wanted: Specification) -> pb.Command:
    """
    Say what was asked for, in a command that has nothing else.

    Values of variables may be secrets, and everybody may ask for a job: they
    are left out.
    """
    message = pb.Command(
        environment={
            name: "" for name, value in wanted.environment if value is not None
        },
        unset=[name for name, value in wanted.environment if value is None],
        directory=asText(wanted.directory),
        umask=wanted.umask,
        nice=wanted.nice,
        limits=_describeLimits(wanted.limits),
        timeout=_duration(wanted.timeout),
        idle_timeout=_duration(wanted.idleTimeout),
        stop_signal=wanted.stopSignal,
        stop_grace=_duration(wanted.stopGrace),
        labels={name: asText(value) for name, value in wanted.labels},
        name=wanted.name,
        key=asText(wanted.key),
        user=wanted.user,
        group=wanted.group,
    )
    if wanted.input is not None:
        message.stdin_bytes = wanted.input.size
    return message


@lru_cache(256)
def describeConditions(found: Conditions) -> pb.Conditions:
    """
    Say what was in force.

    Most jobs have the same as others, and there is much to be said: the message
    is made once, and is not to be changed.
    """
    return pb.Conditions(
        directory=asText(found.directory),
        umask=found.umask,
        nice=found.nice,
        limits=_describeLimits(found.limits),
        user_number=found.userNumber,
        user=asText(found.user),
        group_number=found.groupNumber,
        group=asText(found.group),
        variables=map(asText, found.variables),
        stop_signal=found.stopSignal,
        stop_grace=_duration(found.stopGrace),
        log_limit=found.logLimit,
        log_policy=found.logPolicy,
    )


def _describeLimits(limits: Iterable[ResourceLimit]) -> list[pb.ResourceLimit]:
    return [
        pb.ResourceLimit(resource=each.resource, soft=each.soft, hard=each.hard)
        for each in limits
    ]


def _limit(message: pb.ResourceLimit) -> ResourceLimit:
    hard = message.hard if message.HasField("hard") else message.soft
    return ResourceLimit(message.resource, message.soft, hard)


def _seconds(message: pb.Command, field: str) -> float | None:
    """
    Read a duration, if it is there.
    """
    if not message.HasField(field):
        return None
    duration: Duration = getattr(message, field)
    if not 0 <= duration.nanos < 1_000_000_000:
        raise BadSpecification(field, "this is no duration")
    return duration.seconds + duration.nanos / 1e9


def _duration(seconds: float | None) -> Duration | None:
    if seconds is None:
        return None
    whole, part = divmod(round(seconds * 1e9), 10**9)
    return Duration(seconds=whole, nanos=part)


def asText(text: str) -> str:
    """
    Make text that the wire can carry: lone surrogates, which stand for bytes
    that are not UTF-8, become question marks.
    """
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
