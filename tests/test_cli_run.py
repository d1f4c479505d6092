"""
The command that runs a command as a job.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import threading
from select import select
from typing import Any

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.bounds import MAX_INPUT
from jobworker.cli.stdin import passed
from jobworker.client.failures import Unacceptable
from jobworker.specification import Input

from .commandlines import run, spawn
from .logscripts import LogScript
from .test_cli_stream import PIECES
from .test_client_reader import line
from .wireserver import ID, WireServer, status


class RunTests(SynchronousTestCase):
    """
    Starts and ends.
    """

    def setUp(self) -> None:
        """
        Begin with nothing.
        """
        self.commands: list[wire.Command] = []
        self.failing: list[grpc.StatusCode] = []

    def startJob(self, command: wire.Command, context: grpc.ServicerContext) -> Any:
        """
        Start a job, unless that is to fail.
        """
        self.commands.append(command)
        if self.failing:
            context.abort(self.failing.pop(0), "as it should")
        return wire.Job(id=ID)

    def serve(self, **methods: Any) -> list[str]:
        """
        Have a server.

        @return: What to tell the command line of it.
        """
        methods.setdefault("GetServerInfo", lambda _, __: wire.ServerInfo(version="1"))
        server = WireServer(
            {
                "StartJob": self.startJob,
                **{name: method for name, method in methods.items() if method},
            }
        )
        self.addCleanup(server.stop)
        return server.flags()

    def test_exact(self) -> None:
        """
        What the job writes is written, and its code is that of the command.
        """
        script = LogScript(PIECES, ending=status(exitCode=3))
        flags = self.serve(ReadLog=script.served)
        process = spawn(["run", *flags, "--nice=2", "--", "sh", "-c", "--nice"])
        out, err = process.communicate(timeout=30)
        self.assertEqual(out, b"one\n" + bytes(range(256)))
        self.assertEqual((err, process.returncode), (b"two\xff", 3))
        (command,) = self.commands
        self.assertEqual((command.cmd, [*command.args]), ("sh", ["-c", "--nice"]))
        self.assertEqual((command.nice, command.stdin), (2, b""))
        self.assertTrue(command.key)

    def test_json(self) -> None:
        """
        For programs the start is an object, then each line, then the job.
        """
        script = LogScript([(2, b"err\nhalf")], ending=status(exitCode=3))
        flags = [*self.serve(ReadLog=script.served), "--stdin=none", "--json"]
        outcome = run(["run", *flags, "--name=here", "sh", "--json"])
        self.assertEqual((outcome.code, outcome.err), (3, ""))
        first, *lines, last = map(json.loads, outcome.out.splitlines())
        self.assertEqual(first, {"id": ID, "name": "here"})
        self.assertEqual([each["text"] for each in lines], ["err", "half"])
        self.assertEqual((last["id"], last["exit_code"]), (ID, 3))
        outcome = run(["run", *flags, "--detach", "true"])
        self.assertEqual(json.loads(outcome.out), {"id": ID, "name": None})

    def test_noDashes(self) -> None:
        """
        Flags behind the command are the command's.
        """
        flags = self.serve()
        outcome = run(["run", *flags, "--stdin=none", "-d", "ls", "-l", "--nice"])
        self.assertEqual((outcome.code, outcome.out), (0, f"{ID}\n".encode()))
        self.assertEqual([*self.commands[0].args], ["-l", "--nice"])

    def test_again(self) -> None:
        """
        A start whose answer was lost is tried again, as the same start.
        """
        self.failing = [grpc.StatusCode.UNAVAILABLE]
        flags = self.serve(ReadLog=LogScript([(1, b"x")]).served)
        outcome = run(["run", *flags, "--stdin=none", "true"])
        self.assertEqual((outcome.code, outcome.out), (0, b"x"))
        self.assertIn("trying again in 1 s", outcome.err)
        self.assertEqual(self.commands[0], self.commands[1])

    def test_original(self) -> None:
        """
        A server of the original kind is given commands only, once.
        """
        flags = self.serve(
            GetServerInfo=None,
            StreamLog=lambda _, __: iter([line(0, "a"), line(1, "end", "log")]),
            QueryJob=lambda _, __: status(exitCode=9),
        )
        outcome = run(["run", *flags, "--stdin=none", "true"])
        self.assertEqual((outcome.code, outcome.out), (9, b"a\n"))
        outcome = run(["run", *flags, "--stdin=none", "--nice=3", "true"])
        self.assertEqual((outcome.code, len(self.commands)), (65 + 136, 1))
        self.failing = [grpc.StatusCode.UNAVAILABLE]
        outcome = run(["run", *flags, "--stdin=none", "true"])
        self.assertEqual((outcome.code, len(self.commands)), (69 + 136, 2))
        self.assertIn("may have been started all the same", outcome.err)

    def test_errors(self) -> None:
        """
        Errors have codes that are not those of jobs, and name the job once there is
        one.
        """
        self.failing = [grpc.StatusCode.INVALID_ARGUMENT]
        flags = [*self.serve(), "--stdin=none"]
        self.assertEqual(run(["run", *flags, "nosuch"]).code, 65 + 136)
        self.assertEqual(run(["run", *flags]).code, 64 + 136)
        outcome = run(["run", *flags, "true"])
        self.assertEqual(outcome.code, 76 + 136)
        self.assertIn(f"job {ID} may still run", outcome.err)

    def test_unanswered(self) -> None:
        """
        Where a server says nothing at all, Ctrl-C tells on a terminal what is waited
        for, and another one leaves and tells whether a job may have been started.
        """
        flags = [*self.serve(), "--stdin=none"]
        leading, following = os.openpty()
        self.addCleanup(os.close, leading)
        self.addCleanup(os.close, following)
        terminal = f"2>{os.ttyname(following)}"
        # What a server of the original kind would not notice is not sent at once.
        rows = [([], "ps --all'"), (["--name=a"], "no job was started")]
        for more, expected in rows:
            with socket.create_server(("127.0.0.1", 0)) as mute:
                mute.settimeout(60)
                address = f"--a=127.0.0.1:{mute.getsockname()[1]}"
                command = ["run", *flags, address, *more, "true"]
                process = spawn(command, redirection=terminal)
                self.addCleanup(process.communicate)
                self.addCleanup(process.kill)
                with mute.accept()[0]:
                    process.send_signal(signal.SIGINT)
                    self.assertIn("another Ctrl-C leaves", self.said(leading))
                    process.send_signal(signal.SIGINT)
                    self.assertIn(expected, self.said(leading))
                    self.assertEqual(process.wait(60), 130)

    def said(self, terminal: int) -> str:
        """
        Read a line that was written to a terminal.
        """
        line = b""
        while not line.endswith(b"\n"):
            self.assertTrue(select([terminal], [], [], 60)[0], f"only {line!r}")
            # It may come in parts, of which the last is the newline alone.
            line += os.read(terminal, 1)
        return line.decode()

    def test_terminated(self) -> None:
        """
        SIGTERM has the job end: it has ten seconds, or what it was started with.
        """
        script = LogScript([(1, b"x")], ending=status(exitCode=3))
        for flags, grace in (([], 10), (["--stop-grace=3"], None)):
            asked: list[wire.StopRequest] = []
            stopped = threading.Event()

            def readLog(request: wire.ReadRequest, _: object) -> Any:
                for reply in script.replies(request):
                    if reply.HasField("end"):
                        stopped.wait(60)  # noqa: B023
                    yield reply

            def stopJob(request: wire.StopRequest, _: object) -> wire.JobStatus:
                asked.append(request)  # noqa: B023
                stopped.set()  # noqa: B023
                return script.ending

            server = self.serve(ReadLog=readLog, StopJob=stopJob)
            process = spawn(["run", *server, *flags, "true"])
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            assert process.stdout is not None
            self.assertEqual(process.stdout.read(1), b"x")
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(60), 3)
            (request,) = asked
            given = request.grace.seconds if request.HasField("grace") else None
            self.assertEqual((given, request.signal, request.force), (grace, 0, False))

    def test_closed(self) -> None:
        """
        When nobody reads any more the job is told as it would have been here.
        """
        asked: list[wire.SignalRequest] = []

        def signalJob(request: wire.SignalRequest, _: object) -> wire.JobStatus:
            asked.append(request)
            return status(wire.RUNNING, -1)

        script = LogScript([(1, b"x" * 60_000)] * 20)
        flags = self.serve(ReadLog=script.served, SignalJob=signalJob)
        process = spawn(["run", *flags, "yes"])
        assert process.stdout is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr is not None
        self.assertEqual((process.stderr.read(), process.wait(30)), (b"", 141))
        self.assertEqual([each.signal for each in asked], [signal.SIGPIPE])


class PassedTests(SynchronousTestCase):
    """
    Standard input, in this process.
    """

    def passed(self, descriptor: int, patience: float = 30.0) -> Input | None:
        """
        Have a standard input and read it.
        """
        before = sys.stdin
        sys.stdin = os.fdopen(descriptor)
        try:
            return passed(patience)
        finally:
            sys.stdin.close()
            sys.stdin = before

    def pipe(self, data: bytes) -> int:
        """
        Make a pipe with something in it.
        """
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        return reading

    def test_content(self) -> None:
        """
        Pipes, sockets and files are read to their ends, if they have anything.
        """
        expected = Input.of(b"a\0\xff")
        self.assertEqual(self.passed(self.pipe(b"a\0\xff")), expected)
        self.assertIsNone(self.passed(self.pipe(b"")))
        with tempfile.TemporaryFile() as file:
            file.write(b".a\0\xff")
            file.flush()
            os.lseek(file.fileno(), 1, os.SEEK_SET)
            self.assertEqual(self.passed(os.dup(file.fileno())), expected)
        here, there = socket.socketpair()
        with there:
            there.send(b"a\0\xff")
        self.assertEqual(self.passed(here.detach()), expected)

    def test_nothing(self) -> None:
        """
        Where nobody wrote on purpose nothing is read.
        """
        self.assertIsNone(self.passed(os.open(os.devnull, os.O_RDONLY)))
        leading, following = os.openpty()
        self.addCleanup(os.close, leading)
        self.assertIsNone(self.passed(following))

    def test_refused(self) -> None:
        """
        What is too long, or does not come, is refused with what to do.
        """
        with tempfile.TemporaryFile() as file:
            file.write(bytes(MAX_INPUT + 1))
            file.seek(0)
            error = self.assertRaises(Unacceptable, self.passed, os.dup(file.fileno()))
            self.assertIn(str(MAX_INPUT), str(error))
        reading, writing = os.pipe()
        self.addCleanup(os.close, writing)
        error = self.assertRaises(Unacceptable, self.passed, reading, 0.01)
        self.assertIn("--stdin none", str(error))
