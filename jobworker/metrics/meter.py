"""
What happens in a gateway, as metrics.

The registry is our own, so that nothing is in it that is not ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import prometheus_client
from attrs import define, field
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from .. import __version__
from ..access.decisions import Decision
from ..metering import Later, Reading
from .pulse import Pulse

#: What everything is called that is ours.
NAMESPACE: Final = "jobworker"

# Upper limits, in seconds.
_DURATIONS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
_LAGS: Final = _DURATIONS[:12]

# The methods whose messages are what jobs have written.
_LOGS: Final = frozenset({"ReadLog", "StreamLog"})

# How figures are called that are read, whether they only grow, and what they
# are.
_READINGS: Final[dict[Reading, tuple[str, bool, str]]] = {
    Reading.CONNECTIONS: ("connections", False, "Connections at the door."),
    Reading.HANDSHAKES: ("handshakes", False, "Connections in handshake."),
    Reading.CALLS: ("rpcs_in_progress", False, "Calls that are being answered."),
    Reading.FOLLOWERS: ("followers", False, "Calls that follow logs, watch or wait."),
    Reading.AUDIT_LINES: ("audit_lines", True, "Lines written to the audit log."),
    Reading.AUDIT_LOST: ("audit_lost_lines", True, "Lines that the audit log lacks."),
    Reading.AUDIT_FAILING: ("audit_failing", False, "Whether it cannot be written."),
}


@define(eq=False, slots=False)
class _Readings(Collector):
    """
    Figures that somebody knows, read when they are asked for.
    """

    places: dict[Reading, Callable[[], float]] = field(factory=dict)

    def collect(self) -> Iterable[Metric]:
        """
        Read all figures.
        """
        for reading, read in self.places.items():
            name, grows, words = _READINGS[reading]
            family = CounterMetricFamily if grows else GaugeMetricFamily
            yield family(f"{NAMESPACE}_{name}", words, value=read())


class Meter:
    """
    Measures a gateway.

    @ivar registry: All metrics.
    """

    def __init__(self) -> None:
        # When a figure began to be counted is of no use to anybody, and makes
        # twice as many figures.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self._answers: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}
        call = ("service", "method", "code")
        self._calls = self._counter("rpcs", "Calls that were answered.", *call)
        self._durations = Histogram(
            "rpc_duration_seconds",
            "Time to answer a call, for a stream to its end.",
            call,
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=_DURATIONS,
        )
        self._sent = self._counter(
            "log_sent_bytes", "Bytes of messages with logs, sent to callers.", "method"
        )
        self._admitted = self._counter(
            "connections_admitted", "Connections that reached the server."
        )
        self._turnedAway = self._counter(
            "connections_refused", "Connections that the door refused.", "cause"
        )
        self._refused = self._counter(
            "rpcs_refused", "Calls that were refused.", "cause"
        )
        self._lag = Histogram(
            "event_loop_lag_seconds",
            "How late an event loop does what is due.",
            ("loop",),
            namespace=NAMESPACE,
            registry=self.registry,
            buckets=_LAGS,
        )
        self._readings = _Readings()
        self.registry.register(self._readings)
        self._sayVersion()

    def called(self, service: str, method: str, code: str, seconds: float) -> None:
        """
        Count a call.
        """
        key = (service, method, code)
        answers = self._answers.get(key)
        if answers is None:
            answers = self._calls.labels(*key), self._durations.labels(*key)
            self._answers[key] = answers
        answers[0].inc()
        answers[1].observe(seconds)

    def sending(self, method: str) -> Callable[[int], None] | None:
        """
        Count bytes of logs.
        """
        return self._sent.labels(method).inc if method in _LOGS else None

    def read(self, reading: Reading, read: Callable[[], float]) -> None:
        """
        Read a figure when it is asked for.
        """
        self._readings.places[reading] = read

    def pulse(
        self, loop: str, later: Later, now: Callable[[], float]
    ) -> Callable[[], None]:
        """
        Measure again and again how late a loop is.
        """
        pulse = Pulse(later, now, self._lag.labels(loop).observe)
        pulse.begin()
        return pulse.end

    def decided(self, decision: Decision) -> None:
        """
        Count who is let in and who is not.
        """
        if decision.method:
            if not decision.allowed:
                self._refused.labels(decision.cause).inc()
        elif decision.allowed:
            self._admitted.inc()
        else:
            self._turnedAway.labels(decision.cause).inc()

    def started(self, call: int, job: str) -> None:
        """
        The supervisor counts starts.
        """

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, namespace=NAMESPACE, registry=self.registry)

    def _sayVersion(self) -> None:
        """
        Say who measures.
        """
        version = prometheus_client.Gauge(
            "build_info",
            "The version of the gateway.",
            ("version",),
            namespace=NAMESPACE,
            registry=self.registry,
        )
        version.labels(__version__).set(1)
        prometheus_client.ProcessCollector(registry=self.registry)
