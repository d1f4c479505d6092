"""
What a supervisor can be relied upon for, as it is set up.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from .. import __version__
from ..description import Description, Guarantee, Limit
from ..logs.quota import Policy, Quota
from ..portions import MOST
from .settings import SupervisorSettings

_LOSSES: Final[Mapping[Policy, str]] = {
    Policy.DROP_OLDEST: "loses its oldest output",
    Policy.STOP_WRITING: "takes no more output",
    Policy.KILL_JOB: "takes no more output, and its job is killed",
}


def describe(settings: SupervisorSettings, openFiles: int) -> Description:
    """
    Say what this supervisor can be relied upon for.

    @param openFiles: How many files a job may have open.
    """
    limits = (
        Limit("log_bytes", settings.quota.limit),
        Limit("job_open_files", openFiles),
        Limit("page_jobs", MOST),
    )
    return Description(__version__, limits, tuple(_guarantees(settings.quota)))


def _guarantees(quota: Quota) -> Iterator[Guarantee]:
    """
    Go through what one may want to rely on.
    """
    yield Guarantee("jobs_outlive_gateway", True)
    yield Guarantee(
        "jobs_outlive_supervisor",
        False,
        "jobs that run when the supervisor dies are killed by the next one, and "
        "recorded as lost",
    )
    # Without what this takes a supervisor does not start.
    yield Guarantee("stop_leaves_nothing", True)
    yield Guarantee("records_survive_power_loss", True)
    yield _outputComplete(quota)
    yield Guarantee(
        "jobs_isolated",
        False,
        f"all jobs run as uid {os.geteuid()}, as the supervisor does, and can reach "
        "each other and it",
    )
    yield Guarantee(
        "memory_and_time_limited",
        False,
        "jobs may use all memory and processors that the supervisor may use",
    )


def _outputComplete(quota: Quota) -> Guarantee:
    """
    Say whether everything that jobs write is kept.
    """
    name = "output_complete"
    if not quota.limit:
        return Guarantee(name, True)
    loss = _LOSSES[quota.policy]
    return Guarantee(name, False, f"a log of {quota.limit} bytes {loss}")
