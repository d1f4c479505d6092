"""
The command that writes what a job writes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from threading import Thread
from typing import Any

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli.outlets import Outlet

from .commandlines import Outcome, run, spawn
from .daemons import freePort
from .logscripts import LogScript
from .test_client_reader import line
from .wireserver import ID, WireServer, status

#: What the job of most tests writes.
PIECES: list[tuple[int, bytes | int]] = [
    (1, b"one\n"),
    (2, b"two\xff"),
    (1, bytes(range(256))),
]


class StreamTests(SynchronousTestCase):
    """
    Output and exit codes.
    """

    def stream(self, **methods: Any) -> Outcome:
        """
        Run the command against a server with some methods.
        """
        server = WireServer(methods)
        self.addCleanup(server.stop)
        return run([*server.flags(), "stream", "--job", ID])

    def read(self, script: LogScript) -> Outcome:
        """
        Run the command against a server that has chunks.
        """
        return self.stream(ReadLog=script.served)

    def test_exact(self) -> None:
        """
        Standard output and standard error are those of the job, to the byte.
        """
        server = WireServer({"ReadLog": LogScript(PIECES).served})
        self.addCleanup(server.stop)
        process = spawn(["stream", *server.flags(), "--job", ID])
        out, err = process.communicate(timeout=30)
        self.assertEqual(out, b"one\n" + bytes(range(256)))
        self.assertEqual((err, process.returncode), (b"two\xff", 0))

    def test_json(self) -> None:
        """
        For programs each line is an object, as for C{logs}, and the job is one in
        the end; what is not from the job stays on standard error.
        """
        ending = status(
            wire.EXITED, -1, signal=9, cause=wire.CAUSE_TIMED_OUT, reason="late"
        )
        script = LogScript([(1, b"on"), (2, b"two\n"), (1, b"e")], ending=ending)
        server = WireServer({"ReadLog": script.served})
        self.addCleanup(server.stop)
        outcome = run([*server.flags(), "stream", "--json", ID])
        self.assertEqual(outcome.code, 128 + 9)
        self.assertTrue(outcome.err.endswith(": the job has ended: late\n"))
        *lines, last = map(json.loads, outcome.out.splitlines())
        self.assertEqual(
            [(each["job"], each["source"], each["text"]) for each in lines],
            [(ID, "stderr", "two"), (ID, "stdout", "one")],
        )
        self.assertEqual(
            [last[each] for each in ("id", "state", "exit_code", "signal", "cause")],
            [ID, "exited", None, 9, "timed out"],
        )

    def test_codes(self) -> None:
        """
        The command ends as the job did.
        """
        rows: list[tuple[wire.JobStatus, int]] = [
            (status(wire.EXITED, 0), 0),
            (status(wire.EXITED, 3), 3),
            (status(wire.EXITED, 255), 255),
            (status(wire.STOPPED, 0), 0),
            (status(wire.STOPPED, -1, signal=15), 143),
            (status(wire.EXITED, -1, signal=9), 137),
            (status(wire.LOST, -1), 216),
            (status(wire.EXITED, -1), 216),
        ]
        for ending, code in rows:
            outcome = self.read(LogScript([], ending=ending))
            self.assertEqual((outcome.code, outcome.out), (code, b""), ending)
            self.assertEqual(outcome.err.count("\n"), int(code == 216))

    def test_reason(self) -> None:
        """
        Why a job ended is told, where its code does not say it, on a line of
        its own that controls no terminal.
        """
        ending = status(wire.EXITED, -1, signal=9, reason="log \x1b[1mlimit")
        outcome = self.read(LogScript([(2, b"half")], ending=ending))
        first, second = outcome.err.splitlines()
        self.assertEqual(first, "half")
        self.assertTrue(second.endswith(": the job has ended: log \\x1b[1mlimit"))

    def test_gap(self) -> None:
        """
        What is missing is told on standard error.
        """
        outcome = self.read(LogScript([(1, b"a"), (1, 7), (1, b"b")]))
        self.assertEqual((outcome.code, outcome.out), (0, b"ab"))
        self.assertIn("7 bytes of stdout are missing from byte 1 on", outcome.err)
        self.assertIn("over quota", outcome.err)

    def test_damage(self) -> None:
        """
        Output that is not what the job wrote ends with a code of its own.
        """

        def change(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk"):
                reply.chunk.data = b"x" * len(reply.chunk.data)

        outcome = self.read(LogScript(PIECES, change=change))
        self.assertEqual(outcome.code, 76 + 136)
        self.assertIn("digest", outcome.err)

    def test_lines(self) -> None:
        """
        A server without chunks is read in lines.
        """

        def streamLog(request: wire.StreamRequest, _: object) -> Iterator[wire.Log]:
            self.assertEqual(request, wire.StreamRequest(job=wire.Job(id=ID)))
            yield line(0, "a\r")
            yield line(1, "b\udcff", "stderr")
            yield line(2, "Exiting job", "log")

        outcome = self.stream(
            StreamLog=streamLog, QueryJob=lambda _, __: status(exitCode=9)
        )
        self.assertEqual((outcome.code, outcome.out), (9, b"a\r\n"))

    def test_errors(self) -> None:
        """
        The command's own errors are told from codes of jobs, and take one line.
        """

        def refuse(code: grpc.StatusCode) -> Any:
            def method(request: object, context: grpc.ServicerContext) -> None:
                context.abort(code, "no")

            return method

        rows = {
            grpc.StatusCode.NOT_FOUND: 67,
            grpc.StatusCode.PERMISSION_DENIED: 77,
            grpc.StatusCode.INTERNAL: 70,
            grpc.StatusCode.INVALID_ARGUMENT: 65,
        }
        for code, expected in rows.items():
            outcome = self.stream(ReadLog=refuse(code))
            self.assertEqual((outcome.code, outcome.out), (expected + 136, b""))
            self.assertEqual(outcome.err.count("\n"), 1)
        self.assertEqual(self.stream().code, 76 + 136)
        self.assertEqual(run(["stream"]).code, 64 + 136)
        self.assertEqual(run(["stream", "--job", ID]).code, 64 + 136)

    def test_hopeless(self) -> None:
        """
        Certificates that do not fit end the command at once, though it would
        wait for a server.
        """
        server = WireServer({}, certificate="bad/expired_server")
        self.addCleanup(server.stop)
        outcome = run([*server.flags(), "stream", "--job", ID])
        self.assertEqual(outcome.code, 78 + 136)
        self.assertIn("has expired", outcome.err)

    def test_named(self) -> None:
        """
        A job may be named as for other commands, but one only.
        """
        server = WireServer({"ReadLog": LogScript(PIECES).served})
        self.addCleanup(server.stop)
        old = run([*server.flags(), "stream", "--job", ID])
        self.assertEqual(run([*server.flags(), "stream", ID]), old)
        outcome = run([*server.flags(), "stream", ID, ID])
        self.assertEqual((outcome.code, outcome.out), (64 + 136, b""))
        self.assertIn("one job only; 'jobworker logs -f' takes several", outcome.err)


class EndlessTests(SynchronousTestCase):
    """
    A job that writes without end, and the command in a process of its own.
    """

    def setUp(self) -> None:
        """
        Start server and command.
        """
        self.sent = 0
        # Nobody else is given its port when it has stopped.
        self.server = WireServer({"ReadLog": self.endless}, freePort())
        self.addCleanup(lambda: self.server.stop())
        self.process = spawn([*self.server.flags(), "stream", "--job", ID])
        self.addCleanup(self.end)

    def end(self) -> None:
        """
        End the command if it runs.
        """
        self.process.kill()
        self.process.communicate()

    def endless(
        self, request: wire.ReadRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.ReadReply]:
        """
        Send lines for as long as somebody takes them.
        """
        begins = {each.source: each.offset for each in request.offsets.offsets}
        offset = begins.get(wire.STDOUT, 0)
        yield wire.ReadReply(
            begin=wire.Begin(
                offsets=[
                    wire.Offset(source=wire.STDOUT, offset=offset),
                    wire.Offset(source=wire.STDERR),
                ]
            )
        )
        piece = b"0123456\n" * 8192
        while context.is_active():
            start = offset % 8
            data = piece[start : start + len(piece) - 8]
            yield wire.ReadReply(
                chunk=wire.Chunk(source=wire.STDOUT, offset=offset, data=data)
            )
            offset += len(data)
            self.sent = offset

    def read(self, count: int) -> bytes:
        """
        Take some of the output.
        """
        assert self.process.stdout is not None
        return self.process.stdout.read(count)

    def ending(self) -> tuple[int, bytes]:
        """
        Wait for the end of the command.

        @return: Its code and the rest of its standard error.
        """
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        return self.process.wait(30), said

    def test_closed(self) -> None:
        """
        When nobody reads any more the command ends without a word.
        """
        self.assertEqual(self.read(8), b"0123456\n")
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.assertEqual(self.ending(), (141, b""))

    def test_interrupted(self) -> None:
        """
        Ctrl-C ends the command without a word.
        """
        self.read(8)
        self.process.send_signal(signal.SIGINT)
        assert self.process.stdout is not None
        Thread(target=self.process.stdout.read, daemon=True).start()
        self.assertEqual(self.ending(), (130, b""))

    def test_slow(self) -> None:
        """
        What is not read is not fetched, but for what the network holds.
        """
        taken = 20_000_000
        self.read(taken)
        self.assertLess(self.sent, taken + 40_000_000)

    def test_restart(self) -> None:
        """
        When the server goes and comes again, output goes on at the byte where
        it was.
        """
        before = self.read(1_000_003)
        port = self.server.port
        self.server.stop()
        assert self.process.stderr is not None
        reader = Reading(self.process, 30_000_000)
        said = self.process.stderr.readline()
        self.assertIn(b"trying again in 1 s", said)
        self.server = WireServer({"ReadLog": self.endless}, port)
        output = before + reader.result()
        self.assertEqual(output, (b"0123456\n" * (len(output) // 8 + 1))[: len(output)])


class Reading:
    """
    Takes output in a thread.
    """

    def __init__(self, process: subprocess.Popen[bytes], count: int) -> None:
        """
        Start.
        """
        assert process.stdout is not None
        self._stdout = process.stdout
        self._output = b""
        self._count = count
        self._thread = Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        """
        Take it.
        """
        self._output = self._stdout.read(self._count)

    def result(self) -> bytes:
        """
        Wait for all of it.
        """
        self._thread.join(60)
        assert not self._thread.is_alive()
        return self._output


class OutletTests(SynchronousTestCase):
    """
    Where output goes.
    """

    def test_notWaiting(self) -> None:
        """
        A descriptor that does not wait gets everything all the same.
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        data = bytes(range(256)) * 4096
        received: list[bytes] = []

        def read() -> None:
            with os.fdopen(reading, "rb") as file:
                received.append(file.read())

        thread = Thread(target=read)
        thread.start()
        Outlet(writing).write(data)
        os.close(writing)
        thread.join(30)
        self.assertEqual(received, [data])

    def test_nowhere(self) -> None:
        """
        Output that cannot be written ends the command with one line.
        """
        server = WireServer(
            {
                "ReadLog": LogScript(PIECES).served,
                "StartJob": lambda _, __: wire.Job(id=ID),
            }
        )
        self.addCleanup(server.stop)
        stream, start = ["stream", "--job", ID], ["start", "--cmd=true"]
        rows = [
            (stream, ">/dev/full", 74 + 136, "No space"),
            (stream, ">&-", 74 + 136, "closed"),
            (stream, "2>&-", 74 + 136, ""),
            (start, ">/dev/full", 74, f"job {ID} was started"),
            (start, ">&-", 74, "closed"),
        ]
        for command, redirection, code, word in rows:
            process = spawn([*server.flags(), *command], redirection=redirection)
            _, err = process.communicate(timeout=30)
            said = err.replace(b"two\xff", b"").strip().decode()
            self.assertEqual(process.returncode, code, said)
            self.assertIn(word, said)
            self.assertNotIn("\n", said)
