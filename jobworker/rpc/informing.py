"""
What GetServerInfo answers.
"""

from __future__ import annotations

import time

from .. import __version__
from ..api import worker_pb2 as pb
from ..bounds import (
    MAX_ENVIRONMENT,
    MAX_GRACE,
    MAX_INPUT,
    MAX_LABELS,
    MAX_TIME,
    MAX_VARIABLES,
)
from ..description import Description, Limit
from .settings import MAX_REQUEST, Settings
from .specifying import asText


def limitsOf(settings: Settings) -> tuple[Limit, ...]:
    """
    Find the limits that the gateway itself sets.
    """
    return (
        Limit("request_bytes", MAX_REQUEST),
        Limit("environment_variables", MAX_VARIABLES),
        Limit("environment_bytes", MAX_ENVIRONMENT),
        Limit("stdin_bytes", MAX_INPUT),
        Limit("labels", MAX_LABELS),
        Limit("timeout_seconds", MAX_TIME),
        Limit("stop_grace_seconds", MAX_GRACE),
        Limit("followers", settings.followers),
        Limit("followers_of_one_caller", settings.followersPerCaller),
    )


def infoOf(limits: tuple[Limit, ...], supervisor: Description | str) -> pb.ServerInfo:
    """
    Make the answer.

    @param limits: Those of the gateway.

    @param supervisor: What the supervisor says about itself, or why it cannot
        be asked.
    """
    info = pb.ServerInfo(version=__version__, time=time.time_ns())
    if isinstance(supervisor, str):
        info.supervisor_problem = asText(supervisor)
    else:
        info.supervisor_version = asText(supervisor.package)
        limits += supervisor.limits
        info.guarantees.extend(
            pb.Guarantee(name=each.name, holds=each.holds, reason=asText(each.reason))
            for each in supervisor.guarantees
        )
    info.limits.extend(pb.Limit(name=each.name, value=each.value) for each in limits)
    return info
