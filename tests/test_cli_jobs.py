"""
The commands that ask one thing about one job.
"""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.keys import makeKey

from .certificates import path
from .commandlines import Outcome, run, spawn
from .daemons import freePort
from .wireserver import ID, TOKEN, WireServer, status


class JobTests(SynchronousTestCase):
    """
    Commands against a server that writes down what it is asked.
    """

    def setUp(self) -> None:
        """
        Start the server.
        """
        self.asked: list[Any] = []
        self.metadata: dict[str, str] = {}
        self.answer: Any = status()
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.refuse: Callable[[], tuple[grpc.StatusCode, str] | None] = lambda: None
        self.server = WireServer(
            {
                "StartJob": self.record(lambda: wire.Job(id=ID)),
                "StopJob": self.record(lambda: self.answer),
                "QueryJob": self.record(lambda: self.answer),
                "SignalJob": self.record(lambda: self.answer),
                "DeleteJob": self.record(lambda: wire.Deleted()),
            },
            # Nobody else is given it when the server has stopped.
            freePort(),
        )
        self.addCleanup(self.server.stop)

    def record(self, answer: Any) -> Any:
        """
        Make a method that writes down what it is asked.
        """

        def method(request: Any, context: grpc.ServicerContext) -> Any:
            self.asked.append(request)
            self.metadata = dict(context.invocation_metadata())
            refusal = self.refuse() or self.refusal
            if refusal is not None:
                context.abort(*refusal)
            return answer()

        return method

    def run_(self, *arguments: str) -> Outcome:
        """
        Run a command with all flags of the server before it.
        """
        return run([*self.server.flags(), *arguments])

    def test_start(self) -> None:
        """
        A start sends command and arguments as they are, with the token, and
        prints the id alone.
        """
        outcome = self.run_("start", "--cmd", "sh", "--", "-c", "--job", "", "é\n")
        self.assertEqual(outcome, Outcome(0, f"{ID}\n".encode(), ""))
        self.assertEqual(
            self.asked, [wire.Command(cmd="sh", args=["-c", "--job", "", "é\n"])]
        )
        self.assertEqual(self.metadata["token"], TOKEN)

    def test_startInterrupted(self) -> None:
        """
        Who does not wait for the answer to a start is told that there may be a job,
        and how to find it.
        """
        with socket.create_server(("127.0.0.1", 0)) as mute:
            mute.settimeout(60)
            address = f"--a=127.0.0.1:{mute.getsockname()[1]}"
            flags = [*self.server.flags(), address, "--name=a b", "--cmd=true"]
            process = spawn(["start", *flags])
            self.addCleanup(process.kill)
            with mute.accept()[0]:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=60)
        self.assertEqual((process.returncode, out), (130, b""))
        self.assertEqual(
            err.decode(),
            "jobworker: the job may have been started all the same; see 'jobworker ps "
            "--all --name 'a b''\n",
        )

    def test_original(self) -> None:
        """
        The example of the original program works as it stands, with the token
        from the environment.
        """
        script = "trap -- SIGINT; while true; do date +%F_%T; sleep 1; done"
        outcome = run(
            [
                f"--a=127.0.0.1:{self.server.port}",
                f"--key={path('alice_key.pem')}",
                f"--cert={path('alice_cert.pem')}",
                "start",
                f"--ca={path('server_ca.pem')}",
                "--cmd=bash",
                "--",
                "-c",
                script,
            ],
            {"JOBWORKER_TOKEN": TOKEN},
        )
        self.assertEqual(outcome, Outcome(0, f"{ID}\n".encode(), ""))
        self.assertEqual(self.asked, [wire.Command(cmd="bash", args=["-c", script])])

    def test_notUnicode(self) -> None:
        """
        Arguments that no message can carry are refused before anything is sent.
        """
        outcome = self.run_("start", "--cmd", "echo", "--", "\udcff")
        self.assertEqual((outcome.code, self.asked), (65, []))
        self.assertIn("Unicode", outcome.err)

    def test_stop(self) -> None:
        """
        Each way to stop is told to the server.
        """
        rows: dict[tuple[str, ...], dict[str, Any]] = {
            (): {},
            ("--force",): {"force": True},
            ("--signal", "INT"): {"signal": 2},
            ("--signal=sigusr1",): {"signal": 10},
            ("--signal", "64"): {"signal": 64},
        }
        for flags, fields in rows.items():
            outcome = self.run_("stop", *flags, "--job", ID)
            self.assertEqual(outcome.code, 0, outcome.err)
            expected = wire.StopRequest(job=wire.Job(id=ID), **fields)
            self.assertEqual(self.asked.pop(), expected)
        self.run_("stop", "--grace", "1.25", "--job", ID)
        grace = self.asked[0].grace
        self.assertEqual((grace.seconds, grace.nanos), (1, 250_000_000))
        self.run_("stop", "--grace", "0", "--job", ID)
        self.assertTrue(self.asked[1].HasField("grace"))

    def test_once(self) -> None:
        """
        A job that is named twice is meant once.
        """
        for command in ("stop", "query", "delete", "inspect"):
            outcome = self.run_(command, ID, ID)
            self.assertEqual((outcome.code, len(self.asked)), (0, 1), outcome.err)
            self.asked.clear()

    def test_noSuchStop(self) -> None:
        """
        What is no way to stop is a wrong use of the command.
        """
        for flags in (
            ("--signal", "NOPE"),
            ("--signal", "0"),
            ("--signal", "65"),
            ("--grace", "-1"),
            ("--grace", "nan"),
            ("--grace", "inf"),
            ("--force", "--grace", "1"),
            ("--force", "--signal", "TERM"),
        ):
            outcome = self.run_("stop", *flags, "--job", ID)
            self.assertEqual(outcome.code, 64, flags)
            self.assertEqual(outcome.err.count("\n"), 1)

    def test_query(self) -> None:
        """
        A query prints what the server says, for people.
        """
        self.answer = status(
            wire.STOPPED, -1, signal=9, cause=wire.CAUSE_STOPPED, reason="by \x1b[1mbob"
        )
        self.assertEqual(
            self.run_("query", "--job", ID).out.decode().splitlines(),
            [
                f"id:        {ID}",
                "command:   sh -c 'exit 0'",
                "owner:     alice",
                "pid:       17",
                "state:     stopped",
                "signal:    SIGKILL (9)",
                "reason:    by \\x1b[1mbob",
            ],
        )

    def test_json(self) -> None:
        """
        Query and stop print one object a line for programs.
        """
        expected = {
            "id": ID,
            "cmd": "sh",
            "args": ["-c", "exit 0"],
            "owner": "alice",
            "pid": 17,
            "state": "exited",
            "exit_code": 3,
            "signal": None,
            "cause": "exited",
            "reason": "",
            "created": None,
            "started": "2026-01-31T12:00:00.123456Z",
            "ended": None,
            "user_time": 1.5,
            "system_time": 0.0,
            "peak_memory": 3 * 2**20,
            "peak_memory_at_most": None,
            "written": {"stdout": 5, "stderr": 0},
            "asked": {},
        }
        self.answer = status(exitCode=3, cause=wire.CAUSE_EXITED)
        self.answer.usage.user = 1_500_000_000
        self.answer.usage.peak_memory = 3 * 2**20
        self.answer.written.add(source=wire.STDOUT, bytes=5)
        self.answer.written.add(source=wire.STDERR, bytes=0)
        self.answer.started = 1_769_860_800_123_456_789
        for command in ("query", "stop"):
            outcome = self.run_(command, "--json", "--job", ID)
            self.assertEqual(outcome.out.count(b"\n"), 1)
            self.assertEqual(json.loads(outcome.out), expected)
        said = self.run_("query", "--job", ID).out.decode()
        self.assertIn("memory:    3.0 MiB\nwritten:   5 bytes to stdout\n", said)
        self.answer.usage.peak_is_bound = True
        self.assertIn("at most 3.0 MiB", self.run_("query", "--job", ID).out.decode())
        bound = json.loads(self.run_("query", "--json", "--job", ID).out)
        self.assertEqual(
            (bound["peak_memory"], bound["peak_memory_at_most"]), (None, 3 * 2**20)
        )

    def test_key(self) -> None:
        """
        A key is told if the user gave it, and not if it was made for a start.
        """
        for command in ("query", "inspect"):
            self.answer.command.key = makeKey()
            self.assertNotIn(b"once", self.run_(command, ID).out)
            self.answer.command.key = "deadbeef" * 4
            self.assertIn(b"deadbeef", self.run_(command, ID).out)

    def test_inForce(self) -> None:
        """
        What was in force is told where the server tells it.
        """
        self.answer.in_force.CopyFrom(
            wire.Conditions(
                directory="/",
                umask=0o22,
                limits=[wire.ResourceLimit(resource="core", soft=0, hard=-1)],
                user_number=1000,
                group_number=0,
                group="root",
                variables=["HOME", "PATH"],
                stop_signal=15,
            )
        )
        self.answer.in_force.stop_grace.FromMilliseconds(1500)
        (told,) = self.run_("inspect", "--json", ID).out.splitlines()
        self.assertEqual(
            json.loads(told)["in_force"],
            {
                "uid": 1000,
                "user": None,
                "gid": 0,
                "group": "root",
                "cwd": "/",
                "umask": "022",
                "nice": 0,
                "limits": {"core": "0:unlimited"},
                "env": ["HOME", "PATH"],
                "stop_signal": 15,
                "stop_grace": 1.5,
                "log_limit": None,
                "log_policy": None,
            },
        )

    def test_states(self) -> None:
        """
        A code is shown where there is one, and states that are new get by.
        """
        rows: list[tuple[wire.JobStatus, str, int | None]] = [
            (status(wire.RUNNING, -1), "running", None),
            (status(wire.RUNNING, 0), "running", None),
            (status(wire.EXITED, 0), "exited", 0),
            (status(wire.EXITED, 255), "exited", 255),
            (status(wire.STOPPED, -1), "stopped", None),
            (status(wire.STOPPED, 0), "stopped", 0),
            (status(wire.LOST, -1), "lost", None),
            (status(77, 0, cause=99), "unknown", 0),
        ]
        for answer, state, code in rows:
            self.answer = answer
            shown = json.loads(self.run_("query", "--json", "--job", ID).out)
            self.assertEqual((shown["state"], shown["exit_code"]), (state, code))

    def test_delete(self) -> None:
        """
        A job is deleted without a word.
        """
        outcome = self.run_("delete", "--job", ID)
        self.assertEqual(outcome, Outcome(0, b"", ""))
        self.assertEqual(self.asked, [wire.Job(id=ID)])

    def test_answers(self) -> None:
        """
        For programs, what has no answer for people has one.
        """
        started = self.run_("start", "--json", "--cmd", "true")
        self.assertEqual(json.loads(started.out), {"id": ID, "name": None})
        deleted = self.run_("delete", "--json", ID)
        self.assertEqual(json.loads(deleted.out), {"id": ID, "deleted": True})

    def test_several(self) -> None:
        """
        What is for one job is for several, named by the flag or without it.
        """
        other = ID[:-1] + "2"
        for command, *flags in (("delete",), ("query",), ("stop", "-t", "5")):
            for words in ((ID, other), ("--job", ID, other)):
                self.asked.clear()
                outcome = self.run_(command, *flags, *words)
                self.assertEqual((outcome.code, outcome.err), (0, ""))
                ids = [getattr(each, "job", each).id for each in self.asked]
                self.assertEqual(ids, [ID, other])
        lines = self.run_("query", "--json", ID, other).out.splitlines()
        self.assertEqual([json.loads(line)["id"] for line in lines], [ID, ID])
        text = self.run_("query", ID, other).out.decode()
        self.assertEqual(text.count(f"id:        {ID}\n"), 2)
        self.assertIn("\n\nid:", text)
        for command in ("delete", "query", "stop", "inspect"):
            self.assertEqual(self.run_(command).code, 64)

    def test_goesOn(self) -> None:
        """
        A job that refuses keeps no other back: each is told, and the code is
        that of the first.
        """
        other, third = ID[:-1] + "2", ID[:-1] + "3"
        for command in ("delete", "query", "inspect", "stop", "kill"):
            refusals = [
                (grpc.StatusCode.FAILED_PRECONDITION, f"job {ID} has ended"),
                None,
                (grpc.StatusCode.PERMISSION_DENIED, "it is not yours"),
            ]
            self.asked.clear()
            self.refuse = partial(refusals.pop, 0)
            outcome = self.run_(command, "--json", ID, other, third)
            self.assertEqual(len(self.asked), 3, command)
            self.assertEqual(outcome.code, 79)
            self.assertEqual(outcome.out.count(b"\n"), 1)
            first, second = outcome.err.splitlines()
            self.assertIn(f": job {ID} has ended", first)
            self.assertEqual(first.count(ID), 1)
            self.assertIn(f": job {third}: it is not yours", second)

    def test_away(self) -> None:
        """
        Where there is no server, no other job is asked for.
        """
        self.refusal = grpc.StatusCode.UNAVAILABLE, "the service is shutting down"
        outcome = self.run_("stop", ID, ID[:-1] + "2")
        self.assertEqual((outcome.code, len(self.asked)), (69, 1))
        self.assertEqual(outcome.err.count("\n"), 1)

    def test_inspect(self) -> None:
        """
        Everything is written as JSON, in many lines or one.
        """
        many = self.run_("inspect", ID)
        one = self.run_("inspect", "--json", ID)
        asked = self.run_("query", "--json", ID)
        self.assertEqual(json.loads(many.out), json.loads(asked.out))
        self.assertGreater(many.out.count(b"\n"), 10)
        self.assertEqual(one, asked)

    def test_refusals(self) -> None:
        """
        Each refusal of a server has its code and one line, with what the
        server said.
        """
        rows = {
            grpc.StatusCode.INVALID_ARGUMENT: 65,
            grpc.StatusCode.NOT_FOUND: 67,
            grpc.StatusCode.INTERNAL: 70,
            grpc.StatusCode.UNKNOWN: 70,
            grpc.StatusCode.DATA_LOSS: 70,
            grpc.StatusCode.RESOURCE_EXHAUSTED: 75,
            grpc.StatusCode.DEADLINE_EXCEEDED: 75,
            grpc.StatusCode.UNIMPLEMENTED: 76,
            grpc.StatusCode.PERMISSION_DENIED: 77,
            grpc.StatusCode.UNAUTHENTICATED: 77,
            grpc.StatusCode.ALREADY_EXISTS: 79,
            grpc.StatusCode.FAILED_PRECONDITION: 79,
            grpc.StatusCode.UNAVAILABLE: 69,
        }
        for refusal, code in rows.items():
            self.refusal = refusal, "so it\nis"
            outcome = self.run_("stop", "--job", ID)
            self.assertEqual((outcome.code, outcome.out), (code, b""), refusal)
            self.assertEqual(outcome.err.count("\n"), 1, outcome.err)
            self.assertIn("so it is", outcome.err)

    def test_remedies(self) -> None:
        """
        Where it is known what to do, it is said.
        """
        for code, said, remedy in (
            (grpc.StatusCode.PERMISSION_DENIED, "the token has expired", "a new one"),
            (grpc.StatusCode.PERMISSION_DENIED, "no role", "token show"),
            (grpc.StatusCode.INVALID_ARGUMENT, "this was no resume token", "leave it"),
            (grpc.StatusCode.INVALID_ARGUMENT, "command not found: 'x'", "its path"),
            (grpc.StatusCode.ALREADY_EXISTS, "it was started differently", "other key"),
            (grpc.StatusCode.ALREADY_EXISTS, "job 1 has already ended", "query"),
        ):
            self.refusal = code, said
            self.assertIn(f"{said}; ", err := self.run_("query", ID).err)
            self.assertIn(remedy, err)

    def test_unsure(self) -> None:
        """
        A start that was not answered may have happened, and that is said; one
        that cannot have happened is not.
        """
        for refusal in (
            (grpc.StatusCode.UNAVAILABLE, "the service is shutting down"),
            (grpc.StatusCode.DEADLINE_EXCEEDED, "no answer"),
        ):
            self.refusal = refusal
            outcome = self.run_("start", "--cmd", "true")
            self.assertIn(refusal[1], outcome.err)
            self.assertIn("may have been started", outcome.err)
            self.assertNotIn("may have", self.run_("query", "--job", ID).err)
        self.server.stop()
        outcome = self.run_("start", "--cmd", "true")
        self.assertEqual(outcome.code, 69)
        self.assertIn("nothing listens", outcome.err)
        self.assertNotIn("may have", outcome.err)
