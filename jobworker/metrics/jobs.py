"""
What the supervisor has counted, as metrics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from attrs import define
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ..description import Tally
from .meter import NAMESPACE

_PREFIX: Final = f"{NAMESPACE}_"


@define(eq=False, slots=False)
class JobFigures(Collector):
    """
    Gives what the supervisor has said last, or nothing when it cannot be asked:
    what is not known is left out.
    """

    tally: Tally | None = None

    def collect(self) -> Iterable[Metric]:
        """
        Give all that is known.
        """
        tally = self.tally
        yield GaugeMetricFamily(
            f"{_PREFIX}supervisor_up",
            "Whether the supervisor answers.",
            value=float(tally is not None),
        )
        if tally is None:
            return
        jobs = GaugeMetricFamily(
            f"{_PREFIX}jobs", "Jobs that there are, by state.", labels=["state"]
        )
        jobs.add_metric(["running"], tally.running)
        jobs.add_metric(["draining"], tally.draining)
        jobs.add_metric(["ended"], tally.kept)
        yield jobs
        yield CounterMetricFamily(
            f"{_PREFIX}jobs_started",
            "Jobs that were started, since the supervisor began.",
            value=tally.started,
        )
        ended = CounterMetricFamily(
            f"{_PREFIX}jobs_ended",
            "Jobs that have ended, since the supervisor began.",
            labels=["cause"],
        )
        for cause, count in tally.ended:
            ended.add_metric([cause.replace(" ", "_")], count)
        yield ended
        yield CounterMetricFamily(
            f"{_PREFIX}log_received_bytes",
            "Bytes that jobs have written, since the supervisor began.",
            value=tally.logBytes,
        )
        yield GaugeMetricFamily(
            f"{_PREFIX}spool_bytes",
            "Bytes that the logs of all jobs take on disk.",
            value=tally.spoolBytes,
        )
