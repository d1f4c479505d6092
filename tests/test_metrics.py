"""
What is measured, and how late loops are.
"""

from __future__ import annotations

import socket
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.decisions import Decision
from jobworker.description import Tally
from jobworker.errors import RosterUnreachable
from jobworker.metering import Reading, Unmetered
from jobworker.metrics.jobs import JobFigures
from jobworker.metrics.meter import Meter
from jobworker.metrics.page import MetricsPage
from jobworker.metrics.pulse import INTERVAL, Pulse
from tests.memoryroster import MemoryRoster


class MeterTests(SynchronousTestCase):
    """
    L{Meter} counts what it is told.
    """

    def setUp(self) -> None:
        """
        Begin.
        """
        self.meter = Meter()

    def value(self, name: str, **labels: str) -> float | None:
        """
        Read a figure.
        """
        return self.meter.registry.get_sample_value(f"jobworker_{name}", labels)

    def test_calls(self) -> None:
        """
        Calls are counted and timed by what was called and what came of it.
        """
        for seconds in (0.002, 0.2):
            self.meter.called("a.B", "C", "OK", seconds)
        self.meter.called("a.B", "C", "NOT_FOUND", 0.5)
        labels = {"service": "a.B", "method": "C", "code": "OK"}
        self.assertEqual(self.value("rpcs_total", **labels), 2)
        self.assertEqual(self.value("rpc_duration_seconds_count", **labels), 2)
        self.assertEqual(
            self.value("rpc_duration_seconds_bucket", le="0.0025", **labels), 1
        )

    def test_sent(self) -> None:
        """
        Bytes are counted of messages with logs, and of no others.
        """
        count = self.meter.sending("ReadLog")
        assert count is not None
        count(7)
        count(4)
        self.assertEqual(self.value("log_sent_bytes_total", method="ReadLog"), 11)
        self.assertIsNone(self.meter.sending("WatchJobs"))

    def test_decisions(self) -> None:
        """
        Who is refused is counted by the cause, at the door and behind it.
        """
        for decision in (
            Decision(True),
            Decision(False, cause="not_tls"),
            Decision(True, "StopJob"),
            Decision(False, "StopJob", "owner"),
        ):
            self.meter.decided(decision)
        self.meter.started(1, "a job")
        self.assertEqual(self.value("connections_admitted_total"), 1)
        self.assertEqual(self.value("connections_refused_total", cause="not_tls"), 1)
        self.assertEqual(self.value("rpcs_refused_total", cause="owner"), 1)

    def test_readings(self) -> None:
        """
        Every reading can be had, as it is when it is asked for.
        """
        held = [3.0]
        for reading in Reading:
            self.meter.read(reading, lambda: held[0])
        held[0] = 5.0
        families = text_string_to_metric_families(
            generate_latest(self.meter.registry).decode()
        )
        fives = [
            sample.name
            for family in families
            for sample in family.samples
            if sample.value == 5.0 and sample.name.startswith("jobworker_")
        ]
        self.assertEqual(len(fives), len(Reading))
        self.assertIn("jobworker_followers", fives)
        self.assertIn("jobworker_audit_lines_total", fives)

    def test_unknown(self) -> None:
        """
        What the supervisor would say is left out while it does not answer.
        """
        figures = JobFigures()
        self.meter.registry.register(figures)
        self.assertEqual(self.value("supervisor_up"), 0)
        self.assertIsNone(self.value("jobs", state="running"))
        figures.tally = Tally(ended=(("log limit", 2),), running=4)
        self.assertEqual(self.value("supervisor_up"), 1)
        self.assertEqual(self.value("jobs", state="running"), 4)
        self.assertEqual(self.value("jobs_ended_total", cause="log_limit"), 2)

    def test_none(self) -> None:
        """
        Who measures nothing takes everything.
        """
        clock = Clock()
        nothing = Unmetered()
        nothing.called("a", "b", "OK", 1.0)
        nothing.read(Reading.CALLS, lambda: 1.0)
        self.assertIsNone(nothing.sending("ReadLog"))
        nothing.pulse("loop", clock.callLater, clock.seconds)()
        self.assertEqual(clock.getDelayedCalls(), [])


class PageTests(SynchronousTestCase):
    """
    L{MetricsPage} asks the supervisor.
    """

    def setUp(self) -> None:
        """
        Make a page, and a supervisor that answers when it is told to.
        """
        self.clock = Clock()
        reactor: Any = self.clock
        roster = MemoryRoster(self.clock)
        self.answer: Deferred[Tally] = Deferred()
        self.patch(MemoryRoster, "measure", lambda _: self.answer)
        self.meter = Meter()
        self.page = MetricsPage(reactor, roster, self.meter, socket.socket)
        self.meter.registry.register(self.page.figures)

    def up(self) -> float | None:
        """
        Say whether the supervisor is said to answer.
        """
        return self.meter.registry.get_sample_value("jobworker_supervisor_up")

    def test_answer(self) -> None:
        """
        Its figures are shown until it does not answer any more.
        """
        asked = self.page.ask()
        self.answer.callback(Tally(running=3))
        self.successResultOf(asked)
        self.assertEqual(self.up(), 1)
        self.answer = fail(RosterUnreachable("it is gone"))
        self.successResultOf(self.page.ask())
        self.assertEqual(self.up(), 0)

    def test_silence(self) -> None:
        """
        It is waited for, but not for long.
        """
        asked = self.page.ask()
        self.clock.advance(4)
        self.assertNoResult(asked)
        self.clock.advance(2)
        self.successResultOf(asked)
        self.assertEqual(self.up(), 0)

    def test_broken(self) -> None:
        """
        What nobody expects is logged, and the page is shown all the same.
        """
        self.answer = fail(ValueError("broken"))
        self.successResultOf(self.page.ask())
        self.assertEqual(self.up(), 0)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)


class PulseTests(SynchronousTestCase):
    """
    L{Pulse} finds out how late a loop is.
    """

    def test_late(self) -> None:
        """
        What is told is how much later it was called than was due, until it
        ends.
        """
        clock = Clock()
        told: list[float] = []
        pulse = Pulse(clock.callLater, clock.seconds, told.append)
        pulse.begin()
        clock.advance(INTERVAL)
        clock.advance(INTERVAL + 3)
        self.assertEqual(told, [0.0, 3.0])
        pulse.end()
        pulse.end()
        self.assertEqual(clock.getDelayedCalls(), [])
