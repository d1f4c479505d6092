"""
The commands about jobs, from the command line to real processes and back.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import grpc
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1.health_pb2_grpc import HealthStub

from jobworker import __version__
from jobworker.cli.times import asTime
from tests.commandlines import Outcome, run
from tests.daemons import COMMAND, PATIENCE, Daemon, DaemonCase


class CommandTests(DaemonCase):
    """
    One daemon, and what can be asked of it.
    """

    def command(self, daemon: Daemon, *arguments: str) -> Outcome:
        """
        Run a command of the command line as alice.
        """
        return run(arguments, {**os.environ, **daemon.caller()})

    def test_life(self) -> None:
        """
        A job is listed while it runs, gets a signal, is waited for, and is
        listed as it ended.
        """
        daemon = self.startDaemon()
        jobs = [
            self.command(daemon, "start", "--cmd", "sleep", "--", "60").out.decode()
            for _ in range(2)
        ]
        first, second = map(str.strip, jobs)
        listed = self.command(daemon, "ps", "--json").out.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in listed], [second, first])
        self.assertIsNone(json.loads(listed[0])["written"])
        killed = self.command(daemon, "kill", "-s", "USR1", first[:13])
        self.assertEqual(killed, Outcome(0, b"", ""))
        waited = self.command(daemon, "wait", "--json", first[:13])
        self.assertEqual((waited.code, waited.err), (128 + 10, ""))
        ended = json.loads(waited.out)
        self.assertEqual((ended["signal"], ended["cause"]), (10, "signaled"))
        self.assertIsNotNone(ended["user_time"])
        self.assertIsNotNone(ended["peak_memory"] or ended["peak_memory_at_most"])
        self.assertEqual(ended["written"], {"stdout": 0, "stderr": 0})
        times = [ended[name] for name in ("created", "started", "ended")]
        self.assertEqual(times, sorted(times))
        self.assertNotIn("in_force", ended)
        inspected = json.loads(self.command(daemon, "inspect", "--json", second).out)
        found, pid = inspected["in_force"], inspected["pid"]
        self.assertEqual(found["cwd"], os.readlink(f"/proc/{pid}/cwd"))
        (files,) = (
            line.split()[3:5]
            for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
            if line.startswith("Max open files")
        )
        self.assertEqual(found["limits"]["nofile"], ":".join(files))
        self.assertEqual(
            (found["log_limit"], found["log_policy"]), (2**30, "drop-oldest")
        )
        self.command(daemon, "stop", "--force", "--job", second)
        self.assertEqual(self.command(daemon, "wait", first, second).code, 1)
        table = self.command(daemon, "ps", "--all").out.decode().splitlines()
        self.assertEqual([line[:36] for line in table[1:]], [second, first])
        self.assertEqual(len(self.command(daemon, "ps").out.splitlines()), 1)

    def test_info(self) -> None:
        """
        The daemon says what it is, and that it is well.
        """
        daemon = self.startDaemon()
        info = json.loads(self.command(daemon, "info", "--json").out)
        self.assertEqual(info["version"], __version__)
        self.assertEqual(info["supervisor_version"], __version__)
        self.assertTrue(info["guarantees"]["jobs_outlive_gateway"]["holds"])
        caller = daemon.caller()
        pems = [
            Path(caller[f"JOBWORKER_{name}"]).read_bytes()
            for name in ("CA", "KEY", "CERT")
        ]
        secure = grpc.ssl_channel_credentials(*pems)
        with grpc.secure_channel(caller["JOBWORKER_ADDRESS"], secure) as channel:
            answer = HealthStub(channel).Check(
                health.HealthCheckRequest(service="proto.WorkerService"), timeout=20
            )
        self.assertEqual(answer.status, health.HealthCheckResponse.SERVING)

    def test_logs(self) -> None:
        """
        The logs of two jobs are followed to their ends, and of one there are the
        last lines, those since a time, and times.
        """
        daemon = self.startDaemon()
        wait = 'until [ -e "$1" ]; do sleep 0.1; done'
        script = f"echo one; printf e >&2; {wait}; printf 'two\\nthree'"
        flag = daemon.folder / "go"
        jobs = [
            self.command(
                daemon,
                "start",
                "--name",
                name,
                "--cmd",
                "sh",
                "--",
                "-c",
                script,
                "sh",
                str(flag),
            )
            for name in ("web", "db")
        ]
        self.assertEqual([each.code for each in jobs], [0, 0])
        following = subprocess.Popen(
            [*COMMAND, "logs", "-f", "web", "db"],
            env=daemon.caller(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(following.kill)
        assert following.stdout is not None
        first = {following.stdout.readline() for _ in jobs}
        self.assertEqual(first, {b"web | one\n", b"db  | one\n"})
        begun = self.command(daemon, "logs", "--source", "stdout", "web")
        self.assertEqual(begun, Outcome(0, b"one\n", ""))
        middle = time.time_ns()
        flag.touch()
        out, err = following.communicate(timeout=PATIENCE)
        self.assertEqual(following.returncode, 0)
        for name in (b"web", b"db "):
            rest = [line for line in out.splitlines() if line.startswith(name)]
            self.assertEqual(rest, [name + b" | two", name + b" | three"])
            self.assertIn(name + b" | e\n", err)
        whole = Outcome(0, b"one\ntwo\nthree", "e")
        self.assertEqual(self.command(daemon, "logs", "web"), whole)
        last = self.command(daemon, "logs", "-n", "1", "--source", "stdout", "web")
        self.assertEqual(last, Outcome(0, b"three", ""))
        since = ("--since", str(asTime(middle)))
        self.assertEqual(self.command(daemon, "logs", *since, "web").out, b"two\nthree")
        stamped = self.command(daemon, "logs", "--timestamps", "web").out.decode()
        stamps, lines = zip(*map(str.split, stamped.splitlines()), strict=True)
        self.assertEqual(lines, ("one", "two", "three"))
        self.assertTrue(
            stamps[0] < str(asTime(middle)) <= stamps[1] <= stamps[2], stamps
        )
