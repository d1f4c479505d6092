"""
The command that writes what jobs have written.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli.gathering import atOnce, inTurn
from jobworker.cli.parameters import TIME
from jobworker.client.events import Event, Output
from jobworker.client.failures import Unreachable
from jobworker.jobs import Source

from .commandlines import PROGRAM, Outcome, run, spawn
from .logscripts import LogScript
from .test_client_reader import line
from .wireserver import ID, WireServer, status

OTHER = ID[:7] + "d" + ID[8:]

#: What the job of most tests writes.
PIECES: list[tuple[int, bytes | int]] = [
    (1, b"one\n"),
    (2, b"two\xff"),
    (1, bytes(range(256))),
]

#: When, and how that is written.
NOW, STAMP = 1_769_860_800_123_456_789, b"2026-01-31T12:00:00.123456Z "


class LogsCase(SynchronousTestCase):
    """
    A server with some logs.
    """

    def serve(self, scripts: Mapping[str, LogScript], **names: str) -> None:
        """
        Start a server.

        @param names: The names of jobs, by the last digit of their ids.
        """

        def readLog(
            request: wire.ReadRequest, context: grpc.ServicerContext
        ) -> Iterator[wire.ReadReply]:
            if request.job.id not in scripts:
                context.abort(grpc.StatusCode.NOT_FOUND, "no such job")
            return scripts[request.job.id].served(request, context)

        def queryJob(job: wire.Job, context: grpc.ServicerContext) -> wire.JobStatus:
            found = status(wire.RUNNING)
            found.job.id = job.id
            found.command.name = names.get(job.id[7], "")
            if job.id[:4] != ID[:4]:
                context.abort(grpc.StatusCode.NOT_FOUND, "no such job")
            return found

        self.serveMethods(ReadLog=readLog, QueryJob=queryJob)

    def serveMethods(self, **methods: Any) -> None:
        """
        Start a server with some methods.
        """
        self.server = WireServer(methods)
        self.addCleanup(self.server.stop)

    def logs(self, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        return run([*self.server.flags(), "logs", *arguments])


class OneLogTests(LogsCase):
    """
    The log of one job.
    """

    def test_exact(self) -> None:
        """
        Standard output and standard error are those of the job, to the byte, and
        the code is none of the job's.
        """
        script = LogScript(PIECES, ending=status(wire.EXITED, 7))
        self.serve({ID: script})
        process = spawn(["logs", *self.server.flags(), ID])
        out, err = process.communicate(timeout=60)
        self.assertEqual(out, b"one\n" + bytes(range(256)))
        self.assertEqual((err, process.returncode), (b"two\xff", 0))
        self.assertFalse(script.requests[0].follow)

    def test_asked(self) -> None:
        """
        What is wanted is what the server is asked for.
        """
        script = LogScript([], ending=status(wire.RUNNING))
        self.serve({ID: script})
        some = ("--source", "stderr", "-n7", "-f")
        for arguments in (("-f",), ("-n", "0"), some, ("-n", str(2**63))):
            self.assertEqual(self.logs(ID, *arguments), Outcome(0, b"", ""))
        job, both = wire.Job(id=ID), [wire.STDOUT, wire.STDERR]
        self.assertEqual(
            script.requests,
            [
                wire.ReadRequest(job=job, sources=both, follow=True),
                wire.ReadRequest(job=job, sources=both, last=0),
                wire.ReadRequest(job=job, sources=[wire.STDERR], last=7, follow=True),
                wire.ReadRequest(job=job, sources=both, last=2**62),
            ],
        )

    def test_lost(self) -> None:
        """
        What was lost, and why a job ended, is told.
        """
        ending = status(wire.EXITED, -1, signal=9, reason="log limit")
        self.serve({ID: LogScript([(1, b"a"), (1, 7), (1, b"b")], ending=ending)})
        outcome = self.logs(ID)
        self.assertEqual((outcome.code, outcome.out), (0, b"ab"))
        self.assertIn("7 bytes of stdout are missing from byte 1 on", outcome.err)
        self.assertIn(": the job has ended: log limit\n", outcome.err)

    def test_damage(self) -> None:
        """
        Output that is not what the job wrote ends with a code, and what arrived is
        written, half a line too.
        """

        def change(reply: wire.ReadReply) -> None:
            if reply.HasField("chunk"):
                reply.chunk.data = b"x" * len(reply.chunk.data)

        self.serve({ID: LogScript([(1, b"one"), (1, b"four")], change=change)})
        early = b"1970-01-01T00:00:00.000000Z "
        for arguments, lead, end in [((), b"", b""), (("--timestamps",), early, b"\n")]:
            outcome = self.logs(ID, *arguments)
            self.assertEqual((outcome.code, outcome.out), (76, lead + b"xxxxxxx" + end))
            self.assertIn("digest", outcome.err)

    def test_timestamps(self) -> None:
        """
        Each line begins with the time when it began, where the job wrote it.
        """
        pieces = [(1, b"one\ntw"), (2, b"err"), (1, b"o\n")]
        self.serve({ID: LogScript(pieces, change=_at(NOW))})
        outcome = self.logs(ID, "--timestamps")
        self.assertEqual(outcome.out, STAMP + b"one\n" + STAMP + b"two\n")
        self.assertEqual(outcome.err, (STAMP + b"err\n").decode())
        self.assertEqual(outcome.code, 0)

    def test_json(self) -> None:
        """
        For programs each line is an object on standard output, and what is no text
        is in base64.
        """
        pieces = [(1, b"one\ntw"), (2, b"\xff"), (1, b"o\n")]
        other = LogScript([(2, "日".encode())])
        self.serve({ID: LogScript(pieces, change=_at(NOW)), OTHER: other})
        stamp = STAMP.decode().rstrip()
        about = {"job": ID, "time": stamp}
        wanted = [
            {**about, "source": "stdout", "text": "one"},
            {**about, "source": "stdout", "text": "two"},
            {**about, "source": "stderr", "base64": "/w=="},
        ]
        outcome = self.logs(ID, "--json")
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        found = [json.loads(each) for each in outcome.out.splitlines()]
        self.assertEqual(found, wanted)
        outcome = self.logs(ID, OTHER, "--json", "-o", path := self.mktemp())
        self.assertEqual(outcome, Outcome(0, b"", ""))
        *first, last = map(json.loads, Path(path).read_bytes().splitlines())
        self.assertEqual(first, wanted)
        self.assertEqual((last["job"], last["text"]), (OTHER, "日"))
        self.assertEqual(self.logs(ID, "--json", "--timestamps").code, 64)

    def test_full(self) -> None:
        """
        Where there is no room for more in a file, it is named.
        """
        self.serve({ID: LogScript([(1, b"x" * 5000)] * 2)})
        path = Path(self.mktemp()).resolve()
        limited = "from resource import *; setrlimit(RLIMIT_FSIZE, (7000, 7000)); "
        command = [*self.server.flags(), "logs", ID, "-o", str(path)]
        process = spawn(command, limited + PROGRAM)
        err = process.communicate(timeout=60)[1].decode()
        self.assertEqual((process.returncode, path.stat().st_size), (74, 7000))
        self.assertIn(f"cannot write '{path}': File too large; ", err)

    def test_since(self) -> None:
        """
        What is older is left out, and the rest is exact to the byte.
        """
        self.serve(
            {ID: LogScript([(1, b"one\n"), (1, b"two")], change=_at(NOW, NOW + 1))}
        )
        rows = [
            ("2026-01-31T12:00:00.123456789Z", b"one\ntwo"),
            ("2026-01-31t13:00:00.123456790+01:00", b"two"),
            ("2026-01-31 12:00:00.2z", b""),
            ("1s", b""),
            ("99999d", b"one\ntwo"),
        ]
        for text, out in rows:
            self.assertEqual(self.logs(ID, "--since", text), Outcome(0, out, ""), text)

    def test_file(self) -> None:
        """
        A file gets both sources in the order in which they arrived, or one.
        """
        self.serve({ID: LogScript([(1, b"a"), (2, b"b"), (1, b"c")])})
        for arguments, data in [((), b"abc"), (("--source", "stdout"), b"ac")]:
            path = self.mktemp()
            outcome = self.logs(ID, "-o", path, *arguments)
            self.assertEqual(outcome, Outcome(0, b"", ""))
            self.assertEqual(Path(path).read_bytes(), data)

    def test_noFile(self) -> None:
        """
        No file is overwritten, and there is none if there is no job.
        """
        self.serve({ID: LogScript(PIECES)})
        path = Path(self.mktemp())
        unknown = "1" + ID[1:]
        self.assertEqual(self.logs(unknown, "-o", str(path)).code, 67)
        self.assertEqual(self.logs(ID, "-o", str(path / "file")).code, 73)
        self.assertFalse(path.exists())
        path.write_bytes(b"mine")
        outcome = self.logs(ID, "-o", str(path))
        self.assertEqual((outcome.code, path.read_bytes()), (73, b"mine"))
        self.assertIn("exists already", outcome.err)

    def test_errors(self) -> None:
        """
        The command's errors have its own codes.
        """
        self.serve({})
        self.assertEqual(self.logs(ID).code, 67)
        for wrong in (["-n", "-1"], ["--since", "now"], ["-x"]):
            self.assertEqual(self.logs(ID, *wrong).code, 64)
        self.assertEqual(self.logs().code, 64)
        self.assertEqual(run(["logs", ID]).code, 64)


def _at(*times: int) -> Any:
    """
    Give pieces times, by their place.
    """

    def change(reply: wire.ReadReply) -> None:
        if reply.HasField("chunk"):
            reply.chunk.time = times[-1] if reply.chunk.offset else times[0]

    return change


class OldServerTests(LogsCase):
    """
    A server of the original kind.
    """

    def setUp(self) -> None:
        """
        Start it.
        """

        def streamLog(_: wire.StreamRequest, __: object) -> Iterator[wire.Log]:
            yield line(0, "a")
            yield line(1, "b", "stderr")

        self.serveMethods(StreamLog=streamLog, QueryJob=lambda _, __: status())

    def test_lines(self) -> None:
        """
        Its logs can be followed.
        """
        self.assertEqual(self.logs("-f", ID), Outcome(0, b"a\n", "b\n"))

    def test_several(self) -> None:
        """
        So can several.
        """
        outcome = self.logs("-f", ID, OTHER)
        self.assertEqual(outcome.code, 0)

    def test_refused(self) -> None:
        """
        What it does not know is refused, before anything is written.
        """
        rows = [(), ("-f", "-n", "1"), ("-f", "--since", "1d"), ("-f", "--timestamps")]
        for arguments in rows:
            outcome = self.logs(ID, *arguments)
            self.assertEqual((outcome.code, outcome.out), (76, b""), arguments)
            self.assertEqual(outcome.err.count("\n"), 1)

    def test_noFile(self) -> None:
        """
        A file to which nothing could be written is not left behind.
        """
        path = Path(self.mktemp())
        self.assertEqual(self.logs(ID, "-o", str(path)).code, 76)
        self.assertFalse(path.exists())


class SeveralLogsTests(LogsCase):
    """
    The logs of several jobs.
    """

    def test_labels(self) -> None:
        """
        Each line says whose it is: by the name of the job, or the beginning of
        its id.
        """
        scripts = {
            ID: LogScript([(1, b"a\nb"), (2, b"e")]),
            OTHER: LogScript([(1, b"c")]),
        }
        short, other = ID[:8].encode(), OTHER[:8].encode()
        rows: list[tuple[dict[str, str], bytes, bytes]] = [
            ({}, short, other),
            ({"e": "web"}, b"web     ", other),
            ({"e": "web", "d": "db"}, b"web", b"db "),
            ({"e": "web", "d": "web"}, short, other),
        ]
        for names, one, two in rows:
            self.serve(scripts, **names)
            outcome = self.logs(ID, OTHER, ID)
            out = b"%b | a\n%b | b\n%b | c\n" % (one, one, two)
            err = f"{one.decode()} | e\n"
            self.assertEqual(outcome, Outcome(0, out, err))

    def test_timestamps(self) -> None:
        """
        The time stands behind that.
        """
        self.serve(
            {each: LogScript([(1, b"a")], change=_at(NOW)) for each in (ID, OTHER)}
        )
        lead = ID[:8].encode() + b" | " + STAMP
        self.assertIn(lead + b"a\n", self.logs(ID, OTHER, "--timestamps").out)

    def test_together(self) -> None:
        """
        They are followed at once: each ends when all have begun.
        """
        begun = threading.Barrier(2)

        def wait(reply: wire.ReadReply) -> None:
            if reply.HasField("end"):
                begun.wait(60)

        self.serve({each: LogScript([(1, b"a")], change=wait) for each in (ID, OTHER)})
        outcome = self.logs("-f", ID, OTHER)
        expected = {ID[:8].encode() + b" | a", OTHER[:8].encode() + b" | a"}
        self.assertEqual(set(outcome.out.splitlines()), expected)
        self.assertEqual(outcome.code, 0)

    def test_failures(self) -> None:
        """
        One that cannot be read keeps no other back; the code is that of the
        first failure, and it is told whose it is.
        """
        self.serve({OTHER: LogScript([(1, b"a"), (1, 7)])}, e="gone")
        for arguments in ((), ("-f",)):
            outcome = self.logs(ID, OTHER, *arguments)
            self.assertEqual(outcome.code, 67)
            self.assertEqual(outcome.out, OTHER[:8].encode() + b" | a\n")
            self.assertIn(": gone: no such job", outcome.err)
            self.assertIn(f": {OTHER[:8]}: 7 bytes of stdout", outcome.err)

    def test_unknown(self) -> None:
        """
        Nothing is written where one of them is not there at all.
        """
        self.serve({ID: LogScript([(1, b"a")])})
        outcome = self.logs(ID, "1" + ID[1:])
        self.assertEqual((outcome.code, outcome.out), (67, b""))

    def test_file(self) -> None:
        """
        A file gets the lines of all.
        """
        self.serve({each: LogScript([(2, b"a")]) for each in (ID, OTHER)})
        path = self.mktemp()
        self.assertEqual(self.logs("-o", path, ID, OTHER), Outcome(0, b"", ""))
        self.assertEqual(len(Path(path).read_bytes().splitlines()), 2)


class GatheringTests(SynchronousTestCase):
    """
    Reading several logs.
    """

    def test_failures(self) -> None:
        """
        A failure is the end of one reading, and is told in its place.
        """
        cut = Unreachable("cut")
        event = Output(Source.STDOUT, 0, 1, b"a")

        def failing() -> Iterator[Event]:
            yield event
            raise cut

        for gather in (inTurn, atOnce):
            found = list(gather({"x": failing(), "y": iter([event])}))
            self.assertEqual([each for key, each in found if key == "x"], [event, cut])
            self.assertEqual([each for key, each in found if key == "y"], [event])

    def test_errors(self) -> None:
        """
        An error of ours in a thread is one of the whole.
        """

        def wrong() -> Iterator[Event]:
            raise ZeroDivisionError
            yield

        with self.assertRaises(ZeroDivisionError):
            list(atOnce({"x": wrong()}))


class TimeTests(SynchronousTestCase):
    """
    Times, as they are written.
    """

    def convert(self, text: str) -> int:
        """
        Read one.
        """
        found = TIME.convert(text, None, None)
        assert isinstance(found, int)
        return found

    def test_ago(self) -> None:
        """
        A time may be written as how long ago it was.
        """
        rows = {"90s": 90, "10m": 600, "2h": 7200, "1d": 86_400, "1h30m": 5400}
        for text, seconds in rows.items():
            before = time.time_ns()
            found = self.convert(text) + seconds * 10**9
            self.assertTrue(before <= found <= time.time_ns(), text)

    def test_exact(self) -> None:
        """
        Or as RFC 3339 has it, to the nanosecond.
        """
        rows = {
            "2026-01-31T12:00:00.123456789Z": NOW,
            "2026-01-31T12:00:00.1234567899Z": NOW,
            "2026-01-31T13:30:00.123456789+01:30": NOW,
            "2026-01-31t12:00:00z": NOW - NOW % 10**9,
            "1970-01-01T00:00:00.5Z": 5 * 10**8,
        }
        for text, expected in rows.items():
            self.assertEqual(self.convert(text), expected, text)

    def test_wrong(self) -> None:
        """
        Everything else is refused.
        """
        rows = ["", "now", "10", "10 m", "1m1h", "-1s", "2026-01-31", "\u0661s"]
        rows += ["2026-01-31T12:00:00", "2026-02-31T12:00:00Z", "2026-01-31T25:00:00Z"]
        for text in rows:
            with self.assertRaises(click.BadParameter):
                self.convert(text)
