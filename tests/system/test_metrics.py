"""
Prometheus reads what a daemon did.
"""

from __future__ import annotations

import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from signal import SIGKILL
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import grpc
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from jobworker import tap
from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling, channelCredentials, metadata, refusalOf
from tests.daemons import (
    Daemon,
    DaemonCase,
    credentials,
    environment,
    freePort,
    processesOf,
    until,
)

#: Labels, and what their values look like: never anything that callers choose.
_LABELS = {
    "cause": r"[a-z0-9_]+",
    "code": r"[A-Z_]+",
    "le": r"[0-9.]+|\+Inf",
    "loop": "grpc|reactor",
    "method": "[A-Z][A-Za-z]+",
    "service": r"[a-z0-9.A-Z]+",
    "state": "running|draining|ended",
    "version": r"[0-9.]+\S*",
}

#: What a unit may be called at the end of a name, as promtool has it.
_ODD_UNITS = re.compile(r"_(milliseconds|ms|minutes|hours|kilobytes|kb|percent)(_|$)")


class MetricsCase(DaemonCase):
    """
    Tests that read metrics.
    """

    daemon: Daemon
    seen: dict[str, Metric]

    def page(self) -> str:
        """
        Find the address of the metrics: that of the last start.
        """
        found = re.findall(r"metrics are at (http://\S+)", self.daemon.said())
        return str(found[-1])

    def families(self) -> dict[str, Metric]:
        """
        Read all metrics as Prometheus does.
        """
        with urlopen(self.page(), timeout=30) as answer:
            self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
            text = answer.read().decode()
        return {each.name: each for each in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float:
        """
        Read one figure, which is nought if it is not there.
        """
        self.seen = self.families()
        return self.figure(name, **labels)

    def figure(self, name: str, **labels: str) -> float:
        """
        Find one figure in what was read last.
        """
        return sum(
            sample.value
            for family in self.seen.values()
            for sample in family.samples
            if sample.name == f"jobworker_{name}" and _fits(sample.labels, labels)
        )


class MetricsTests(MetricsCase):
    """
    One daemon, and all that is counted of it.
    """

    def setUp(self) -> None:
        """
        Start a daemon with a page of metrics.
        """
        self.daemon = self.startDaemon("--metrics-port", "0", "--on-shutdown", "stop")

    def knock(self, data: bytes) -> None:
        """
        Come to the door and say something that is no TLS.
        """
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as stranger:
            stranger.sendall(data)
            while stranger.recv(4096):
                pass

    def knockWithout(self) -> None:
        """
        Come to the door without a certificate.
        """
        context = ssl.create_default_context(
            cafile=str(credentials() / "certs/server_ca.pem")
        )
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as stranger:
            try:
                with context.wrap_socket(stranger) as wrapped:
                    wrapped.recv(1)
            except ssl.SSLError:
                pass

    def refusals(self, job: pb.Job) -> None:
        """
        Be refused for every reason that there is to refuse calls.
        """
        with calling(self.daemon, "carol") as carol:
            refusalOf(carol.start, "true")
        with calling(self.daemon, "dave") as dave:
            refusalOf(dave.kill, job)
            refusalOf(dave.kill, pb.Job(id="00000000-0000-4000-8000-000000000000"))
        with grpc.secure_channel(
            f"127.0.0.1:{self.daemon.port}", channelCredentials("alice")
        ) as channel:
            refusalOf(Caller(channel).query, job)
            refusalOf(Caller(channel, metadata("bob")).query, job)
        with calling(self.daemon) as alice:
            refusalOf(alice.query, pb.Job(id="nonsense"))

    def test_counted(self) -> None:
        """
        The figures are those of what was done, and the page is as Prometheus
        wants it; when the gateway was killed, what the supervisor counts goes
        on.
        """
        with calling(self.daemon) as alice:
            failing = alice.start("sh", "-c", "printf 12345678; exit 3")
            list(alice.read(failing))
            list(alice.stream(failing))
            alice.kill(alice.start("sleep", "600"))
            alice.start("sleep", "600")
            follower = alice.read(alice.start("sleep", "600"))
            next(iter(follower))
            self.assertEqual(self.value("followers"), 1)
            self.assertEqual(self.value("rpcs_in_progress"), 1)
            self.assertEqual(self.value("connections"), 1)
            follower.cancel()
            until(lambda: self.value("followers") == 0, "the follower has gone")
        self.refusals(failing)
        self.knock(b"GET / HTTP/1.1\r\n\r\n")
        self.knockWithout()
        until(lambda: self.value("connections_refused_total") == 2, "both are refused")
        self.assertCalls()
        self.assertJobs()
        self.assertClean()
        self.assertNothingElse()
        self.daemon.kill()
        self.daemon.start()
        self.assertJobs()
        self.assertEqual(self.value("rpcs_total"), 0)
        self.assertLost()

    def assertCalls(self) -> None:
        """
        All calls and connections were counted.
        """
        self.seen = self.families()
        expected = {
            ("StartJob", "OK"): 4,
            ("StartJob", "PERMISSION_DENIED"): 1,
            ("ReadLog", "OK"): 1,
            ("ReadLog", "CANCELLED"): 1,
            ("StreamLog", "OK"): 1,
            ("StopJob", "OK"): 1,
            ("StopJob", "PERMISSION_DENIED"): 1,
            ("StopJob", "NOT_FOUND"): 1,
            ("QueryJob", "PERMISSION_DENIED"): 2,
            ("QueryJob", "NOT_FOUND"): 1,
        }
        for (method, code), count in expected.items():
            labels = {"method": method, "code": code}
            self.assertEqual(self.figure("rpcs_total", **labels), count, labels)
            timed = self.figure("rpc_duration_seconds_count", **labels)
            self.assertEqual(timed, count, labels)
        self.assertEqual(self.figure("rpcs_total"), sum(expected.values()))
        for cause, count in {
            "role": 1,
            "owner": 1,
            "token": 1,
            "subject": 1,
            "request": 2,
        }.items():
            refused = self.figure("rpcs_refused_total", cause=cause)
            self.assertEqual(refused, count, cause)
        refused = self.figure("connections_refused_total", cause="no_certificate")
        self.assertEqual(refused, 1)
        self.assertEqual(self.figure("connections_refused_total", cause="not_tls"), 1)
        self.assertGreaterEqual(self.figure("connections_admitted_total"), 4)
        for method in ("ReadLog", "StreamLog"):
            sent = self.figure("log_sent_bytes_total", method=method)
            self.assertGreater(sent, 8, method)
        for loop in ("reactor", "grpc"):
            until(
                lambda: self.value("event_loop_lag_seconds_count", loop=loop) > 0,  # noqa: B023
                f"the lag of {loop} was measured",
            )

    def assertJobs(self) -> None:
        """
        All jobs were counted.
        """
        self.seen = self.families()
        self.assertEqual(self.figure("supervisor_up"), 1)
        self.assertEqual(self.figure("jobs_started_total"), 4)
        self.assertEqual(self.figure("jobs_ended_total", cause="exited"), 1)
        self.assertEqual(self.figure("jobs_ended_total", cause="stopped"), 1)
        self.assertEqual(self.figure("jobs_ended_total"), 2)
        self.assertEqual(self.figure("jobs", state="running"), 2)
        self.assertEqual(self.figure("jobs"), 4)
        self.assertEqual(self.figure("log_received_bytes_total"), 8)
        # Disks are not looked at each time, and may move things when they like.
        until(
            lambda: self.value("spool_bytes") == self.onDisk(),
            "the logs take what is said",
        )

    def onDisk(self) -> int:
        """
        Say how many bytes of the disk the logs take.
        """
        return sum(
            path.stat().st_blocks * 512
            for path in Path(self.daemon.state, "jobs").rglob("*")
            if path.is_file()
        )

    def assertLost(self) -> None:
        """
        When the supervisor was killed, the next one counts what was lost, and
        begins anew with everything else.
        """
        assert self.daemon.process is not None
        for process in processesOf(str(self.daemon.state)):
            if process != self.daemon.process.pid:
                os.kill(process, SIGKILL)
        until(
            lambda: self.value("jobs_ended_total", cause="lost") == 2,
            "another supervisor has counted what was lost",
        )
        self.assertEqual(self.value("supervisor_up"), 1)
        self.assertEqual(self.value("jobs_started_total"), 0)
        self.assertEqual(self.value("jobs", state="ended"), 4)

    def assertClean(self) -> None:
        """
        Names, types, units and labels are as promtool wants them, and no
        label is anything that a caller can choose.
        """
        families = self.families()
        for name, family in families.items():
            self.assertRegex(name, r"^(jobworker|process)_[a-z_]+$")
            self.assertNotEqual(family.documentation, "", name)
            self.assertNotEqual(family.type, "unknown", name)
            self.assertIsNone(_ODD_UNITS.search(name), name)
            for sample in family.samples:
                counts = family.type == "counter"
                self.assertEqual(sample.name.endswith("_total"), counts, sample.name)
                for label, value in sample.labels.items():
                    self.assertRegex(value, f"^({_LABELS[label]})$")
        self.assertLess(sum(len(each.samples) for each in families.values()), 500)

    def assertNothingElse(self) -> None:
        """
        There is nothing else at that port.
        """
        for path in ("/", "/../etc/passwd"):
            with self.assertRaises(HTTPError) as caught:
                urlopen(self.page().removesuffix("/metrics") + path, timeout=30)
            self.assertEqual(caught.exception.code, 404)
            caught.exception.close()


class PortTests(DaemonCase):
    """
    The port of the metrics.
    """

    def test_taken(self) -> None:
        """
        A port that somebody has is said in one line, with status 1.
        """
        port = freePort()
        daemon = self.makeDaemon("--metrics-port", str(port))
        with socket.create_server(("127.0.0.1", port)):
            self.assertRaises(AssertionError, daemon.start)
        self.assertEqual(daemon.wait(), 1)
        line = f"jobworker: cannot listen on 127.0.0.1 port {port}: Address already in"
        self.assertIn(line, daemon.said())
        self.assertNotIn("Traceback", daemon.said())

    def test_off(self) -> None:
        """
        Nobody measures anything unless that is asked for.
        """
        self.assertIsNone(tap.Options()["metrics-port"])
        script = (
            "import sys, jobworker.tap; from jobworker.daemon import gateway; "
            "assert not {'prometheus_client', 'twisted.web'} & set(sys.modules)"
        )
        subprocess.run(
            [sys.executable, "-c", script], env=environment(), check=True, timeout=60
        )


def _fits(labels: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """
    Say whether all labels are as they are wanted.
    """
    return all(labels.get(name) == value for name, value in wanted.items())
