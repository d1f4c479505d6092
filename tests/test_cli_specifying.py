"""
The flags that say what a job shall have.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from signal import SIGINT
from typing import Any

import grpc
from attrs import evolve
from google.protobuf.duration_pb2 import Duration

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.failures import Unacceptable
from jobworker.client.specifying import commandOf, specificationOf
from jobworker.rpc.specifying import describeSpecification, parseSpecification
from jobworker.specification import NOTHING, Input, Specification
from tests.test_rpc_specifying import WANTED

from .commandlines import Outcome, run
from .wireserver import ID, WireServer, status

#: All flags, and what they say.
FLAGS = (
    "--env=A=1=2",
    "--env=B=",
    "--unset=LANG",
    "--cwd=/tmp",
    "--umask=027",
    "--nice=5",
    "--limit=nofile=16:20",
    "--limit=core=0",
    "--limit=cpu=unlimited",
    "--timeout=60.5",
    "--idle-timeout=0.25",
    "--stop-signal=INT",
    "--stop-grace=0",
    "--label=team=a=b",
    "--name=nightly",
    "--once=k",
)
SAID = wire.Command(
    cmd="sh",
    args=["--nice"],
    environment={"A": "1=2", "B": ""},
    unset=["LANG"],
    directory="/tmp",
    umask=0o27,
    nice=5,
    limits=[
        wire.ResourceLimit(resource="core", soft=0, hard=0),
        wire.ResourceLimit(resource="cpu", soft=-1, hard=-1),
        wire.ResourceLimit(resource="nofile", soft=16, hard=20),
    ],
    timeout=Duration(seconds=60, nanos=500_000_000),
    idle_timeout=Duration(nanos=250_000_000),
    stop_signal=SIGINT,
    stop_grace=Duration(),
    labels={"team": "a=b"},
    name="nightly",
    key="k",
)


class StartTests(SynchronousTestCase):
    """
    What the flags of C{start} say is sent.
    """

    def setUp(self) -> None:
        """
        Start a server that writes down what it is asked.
        """
        self.asked: list[Any] = []
        self.answer = status()
        self.refusal = ""
        self.server = WireServer(
            {
                "StartJob": self.startJob,
                "QueryJob": lambda request, context: self.answer,
            }
        )
        self.addCleanup(self.server.stop)

    def startJob(self, request: Any, context: grpc.ServicerContext) -> wire.Job:
        """
        Write down what was asked.
        """
        self.asked.append(request)
        if self.refusal:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, self.refusal)
        return wire.Job(id=ID)

    def start(self, *flags: str) -> Outcome:
        """
        Run C{start}.
        """
        return run(
            [*self.server.flags(), "start", *flags, "--cmd", "sh", "--", "--nice"]
        )

    def test_all(self) -> None:
        """
        Every flag has its field.
        """
        outcome = self.start(*FLAGS)
        self.assertEqual(outcome, Outcome(0, f"{ID}\n".encode(), ""))
        self.assertEqual(self.asked, [SAID])

    def test_input(self) -> None:
        """
        A file is sent as it is; an empty one is as good as none.
        """
        path = Path(self.mktemp())
        for data in (b"\xff\0\n", b""):
            path.write_bytes(data)
            self.assertEqual(self.start("--stdin", str(path)).code, 0)
            self.assertEqual(self.asked.pop().stdin, data)

    def test_badInput(self) -> None:
        """
        A file that is too long, or is not there, is not sent.
        """
        path = Path(self.mktemp())
        path.write_bytes(bytes(65537))
        outcome = self.start("--stdin", str(path))
        self.assertIn("more than 65536 bytes", outcome.err)
        self.assertEqual(self.start("--stdin", "/nonexistent").code, 66)
        self.assertEqual(self.asked, [])

    def test_ourInput(self) -> None:
        """
        Our standard input is read where a dash is given; that it is closed is a
        mistake of the caller.
        """
        before = sys.stdin
        path = Path(self.mktemp())
        path.write_bytes(b"ours")
        try:
            with path.open() as sys.stdin:
                self.assertEqual(self.start("--stdin=-").code, 0)
            self.assertEqual(self.asked.pop().stdin, b"ours")
            sys.stdin = None
            outcome = self.start("--stdin=-")
        finally:
            sys.stdin = before
        self.assertEqual(outcome.code, 66)
        self.assertIn("standard input is closed; '--stdin none'", outcome.err)

    def test_wrong(self) -> None:
        """
        What makes no sense is a mistake in the flags.
        """
        for flag in (
            "--env=A",
            "--env==x",
            "--umask=9",
            "--umask=1000",
            "--nice=20",
            "--limit=files=1",
            "--limit=nofile",
            "--limit=nofile=-1",
            "--timeout=0",
            "--timeout=0s",
            "--timeout=10 m",
            "--name=",
            "--once=",
            "--idle-timeout=nan",
            "--stop-signal=FOO",
            "--stop-grace=-1",
            "--label=x",
        ):
            outcome = self.start(flag)
            self.assertEqual((outcome.code, outcome.out), (64, b""), flag)
        self.assertEqual(self.start("--env=A=1", "--unset=A").code, 64)
        self.assertEqual(self.asked, [])

    def test_spans(self) -> None:
        """
        A time is a number of seconds, or has units.
        """
        for given, seconds in (("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400)):
            self.assertEqual(self.start(f"--timeout={given}").code, 0, given)
            self.assertEqual(self.asked.pop().timeout.seconds, seconds)

    def test_line(self) -> None:
        """
        Whoever gives a line of shell for the name of a command is told how it is
        run.
        """
        self.refusal = "command not found: 'it'"
        said = run([*self.server.flags(), "start", "--cmd", "echo 'a b'"]).err
        self.assertIn("command not found: 'it'; each argument is a word", said)
        self.assertIn("sh -c 'echo '", said)
        for words in (["--cmd", "echo"], ["--cmd", "echo a", "--", "b"]):
            said = run([*self.server.flags(), "start", *words]).err
            self.assertIn("command not found: 'it'; name a program", said)

    def test_query(self) -> None:
        """
        What was asked for is told, for people and for programs.
        """
        self.answer.command.MergeFrom(describeSpecification(WANTED))
        query = [*self.server.flags(), "query", "--job", ID]
        lines = run(query).out.decode().splitlines()
        self.assertIn("idle timeout: 0.25", lines)
        self.assertIn(
            "limits:       core=0:0 cpu=unlimited:unlimited nofile=16:20", lines
        )
        self.assertIn("name:         nightly", lines)
        self.assertEqual(
            json.loads(run([*query, "--json"]).out)["asked"],
            {
                "name": "nightly",
                "labels": {"team": "a"},
                "once": "k",
                "cwd": "/tmp",
                "umask": "000",
                "nice": 0,
                "limits": {
                    "core": "0:0",
                    "cpu": "unlimited:unlimited",
                    "nofile": "16:20",
                },
                "env": ["A", "B"],
                "unset": ["LANG"],
                "timeout": 60.5,
                "idle_timeout": 0.25,
                "stop_signal": SIGINT,
                "stop_grace": 0.0,
                "stdin_bytes": 2,
            },
        )


class WireTests(SynchronousTestCase):
    """
    Client and server mean the same.
    """

    def test_there(self) -> None:
        """
        What a client wants is what a server reads.
        """
        command = commandOf(["sh", "-c"], WANTED)
        self.assertEqual((command.cmd, list(command.args)), ("sh", ["-c"]))
        self.assertEqual(parseSpecification(command), WANTED)

    def test_back(self) -> None:
        """
        What a server tells is what a client reads, but for what is not told.
        """
        read = specificationOf(describeSpecification(WANTED))
        told = evolve(
            WANTED,
            environment={"A": "", "B": "", "LANG": None},
            input=Input(2, ""),
        )
        self.assertEqual(read, told)
        self.assertEqual(specificationOf(wire.Command(cmd="x")), NOTHING)

    def test_unsendable(self) -> None:
        """
        What no message can hold is refused before anything is sent.
        """
        for wanted in (
            Specification(environment={"A": "\udcff"}),
            Specification(umask=-1),
            Specification(name="\ud800"),
        ):
            self.assertRaises(Unacceptable, commandOf, ["sh"], wanted)
