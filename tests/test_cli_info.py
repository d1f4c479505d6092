"""
The commands that tell about the server and signal jobs.
"""

from __future__ import annotations

import json
from typing import Any

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.failures import Unacceptable

from .commandlines import Outcome, run
from .wireserver import ID, WireServer, status

INFO = wire.ServerInfo(
    version="1.2",
    supervisor_version="1.1",
    time=1_769_860_800_123_456_789,
    limits=[
        wire.Limit(name="request_bytes", value=7),
        wire.Limit(name="log_bytes", value=0),
    ],
    guarantees=[
        wire.Guarantee(name="stop_leaves_nothing", holds=True),
        wire.Guarantee(name="jobs_isolated", reason="\x1b[1mno"),
    ],
)


class InfoTests(SynchronousTestCase):
    """
    What a server says about itself is printed.
    """

    def info(self, answer: wire.ServerInfo, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        server = WireServer({"GetServerInfo": lambda _, __: answer})
        self.addCleanup(server.stop)
        return run([*server.flags(), "info", *arguments])

    def test_text(self) -> None:
        """
        For people.
        """
        self.assertEqual(
            self.info(INFO).out.decode().splitlines(),
            [
                "gateway:     1.2",
                "supervisor:  1.1",
                "time:        2026-01-31T12:00:00.123456Z",
                "limit:       request bytes: 7",
                "limit:       log bytes: none",
                "guarantee:   stop leaves nothing: yes",
                "guarantee:   jobs isolated: no: \\x1b[1mno",
            ],
        )
        away = wire.ServerInfo(version="1.2", supervisor_problem="it is gone")
        self.assertIn(b"supervisor:  it is gone\n", self.info(away).out)

    def test_json(self) -> None:
        """
        For programs.
        """
        self.assertEqual(
            json.loads(self.info(INFO, "--json").out),
            {
                "version": "1.2",
                "supervisor_version": "1.1",
                "supervisor_problem": "",
                "time": "2026-01-31T12:00:00.123456Z",
                "limits": {"request_bytes": 7, "log_bytes": 0},
                "guarantees": {
                    "stop_leaves_nothing": {"holds": True, "reason": ""},
                    "jobs_isolated": {"holds": False, "reason": "\x1b[1mno"},
                },
            },
        )


class KillTests(SynchronousTestCase):
    """
    Jobs get signals.
    """

    def setUp(self) -> None:
        """
        Start a server that writes down what it is asked.
        """
        self.asked: list[Any] = []
        self.server = WireServer({"SignalJob": self.take, "ListJobs": self.list})
        self.addCleanup(self.server.stop)

    def take(
        self,
        request: wire.SignalRequest,
        context: grpc.ServicerContext,
    ) -> wire.JobStatus:
        """
        Take a signal.
        """
        self.asked.append((request.job.id, request.signal))
        return status(wire.RUNNING, -1)

    def list(
        self,
        request: wire.ListRequest,
        context: grpc.ServicerContext,
    ) -> wire.JobList:
        """
        Have one job.
        """
        there = ID.startswith(request.id_prefix) and not request.name
        return wire.JobList(jobs=[status()] if there else [])

    def kill(self, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        return run([*self.server.flags(), "kill", *arguments])

    def test_signals(self) -> None:
        """
        The signal that is named is sent, SIGTERM if none is, to all jobs.
        """
        other = ID[:-1] + "2"
        rows: dict[tuple[str, ...], list[tuple[str, int]]] = {
            (ID,): [(ID, 15)],
            ("-s", "KILL", ID): [(ID, 9)],
            ("--signal=sigusr1", ID, other): [(ID, 10), (other, 10)],
            ("-s", "64", ID[:6]): [(ID, 64)],
        }
        for arguments, expected in rows.items():
            self.asked.clear()
            self.assertEqual(self.kill(*arguments), Outcome(0, b"", ""))
            self.assertEqual(self.asked, expected)

    def test_json(self) -> None:
        """
        For programs, each job is written as it was then.
        """
        outcome = self.kill("--json", ID)
        self.assertEqual(json.loads(outcome.out)["state"], "running")

    def test_wrong(self) -> None:
        """
        What cannot be done is not begun.
        """
        rows = {(): 64, ("-s", "NOPE", ID): 64, (ID, "f"): 67}
        for arguments, code in rows.items():
            outcome = self.kill(*arguments)
            self.assertEqual((outcome.code, outcome.err.count("\n")), (code, 1))
        self.assertEqual(self.asked, [])
        with self.server.client() as client:
            self.assertRaises(Unacceptable, client.signal, ID, 2**40)
