"""
Whatever a job writes, and however it is read, every byte arrives once and in order.

The environment variable SCALE makes the long tests as many times as long.
"""

from __future__ import annotations

import contextlib
import os
import random
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

import grpc

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling
from tests.daemons import DaemonCase, processesOf
from tests.sharing import SharingCase

SCALE = int(os.environ.get("SCALE", "1"))


def collect(replies: Iterable[Any]) -> dict[int, bytes]:
    """
    Read a log to its end, and check what the end says of it.

    @return: The bytes of each source.
    """
    got = {pb.STDOUT: bytearray(), pb.STDERR: bytearray()}
    end = None
    for reply in replies:
        kind = reply.WhichOneof("reply")
        if kind == "chunk":
            assert reply.chunk.offset == len(got[reply.chunk.source])
            got[reply.chunk.source] += reply.chunk.data
        elif kind == "end":
            end = reply.end
    assert end is not None, "the log had no end"
    for total in end.totals:
        data = got[total.source]
        assert total.bytes == len(data)
        assert total.digest == blake2b(data).digest()
    return {source: bytes(data) for source, data in got.items()}


class OutputTests(SharingCase):
    """
    Output of every kind is exact.
    """

    def setUp(self) -> None:
        """
        Connect to the daemon.
        """
        super().setUp()
        connection = calling(self.daemon)
        self.caller: Caller = connection.__enter__()
        self.addCleanup(connection.__exit__, None, None, None)

    def read(self, job: pb.Job) -> dict[int, bytes]:
        """
        Follow a job to its end.
        """
        return collect(self.caller.read(job))

    def output(self, *command: str) -> tuple[bytes, bytes]:
        """
        Run a job, and say what it wrote.
        """
        got = self.read(self.caller.start(*command))
        return got[pb.STDOUT], got[pb.STDERR]

    def python(self, program: str) -> tuple[bytes, bytes]:
        """
        Run a program that writes by C{w(descriptor, bytes)}.
        """
        return self.output("python3", "-c", f"from os import write as w\n{program}")

    def test_nothing(self) -> None:
        """
        A job that writes nothing has an empty log.
        """
        self.assertEqual(self.output("true"), (b"", b""))

    def test_oneByte(self) -> None:
        """
        One byte without a newline is all there is.
        """
        self.assertEqual(self.output("printf", "x"), (b"x", b""))

    def test_allBytes(self) -> None:
        """
        All values of bytes arrive as they are.
        """
        everything = bytes(range(256)) * 3
        program = "w(1, bytes(range(256)) * 3); w(2, bytes(range(256)))"
        self.assertEqual(self.python(program), (everything, bytes(range(256))))

    def test_splitCharacters(self) -> None:
        """
        Characters of UTF-8 that are written in parts stay whole.
        """
        program = (
            "import time\n"
            "for byte in 'é€🐍\\n'.encode():\n"
            "    w(1, bytes([byte])); time.sleep(0.01)\n"
        )
        self.assertEqual(self.python(program)[0].decode(), "é€🐍\n")

    def test_endOfMany(self) -> None:
        """
        Of 200,000 lines that end with the job none is missing, every time.
        """
        expected = b"".join(b"%d\n" % number for number in range(1, 200_001))
        for _ in range(20):
            got, _ = self.output("seq", "200000")
            self.assertEqual(len(got), len(expected))
            self.assertTrue(got == expected)

    def test_longLine(self) -> None:
        """
        Fifty megabytes without a newline are one piece.
        """
        size = 50_000_000
        got, _ = self.output("sh", "-c", f"head -c {size} /dev/zero | tr '\\0' x")
        self.assertEqual(len(got), size)
        self.assertEqual(got.count(b"x"), size)

    def test_interleaved(self) -> None:
        """
        What is written to both sources in turn is in each of them complete, and
        comes in the order in which it was written.
        """
        program = (
            "import time\n"
            "for number in range(200):\n"
            "    w(1 + number % 2, b'%d\\n' % number); time.sleep(0.001)\n"
        )
        job = self.caller.start(
            "python3", "-c", f"from os import write as w\n{program}"
        )
        got = self.read(job)
        for source in (0, 1):
            expected = b"".join(b"%d\n" % n for n in range(source, 200, 2))
            self.assertEqual(got[source + 1], expected)

    def test_closedEarly(self) -> None:
        """
        A job that closes its output and goes on is followed to its end.
        """
        script = "echo before; exec >&- 2>&-; sleep 0.3; exit 5"
        self.assertEqual(self.output("sh", "-c", script), (b"before\n", b""))

    def test_followers(self) -> None:
        """
        Twenty follow, one of them stalls and one comes back again and again at any
        byte: all get everything, the job does not wait for them, and the daemon
        stays small.
        """
        size = 60_000_000 * SCALE
        program = (
            "import os, random\n"
            "block = random.Random(7).randbytes(1 << 20)\n"
            f"left = {size}\n"
            "while left:\n"
            "    left -= os.write(1, block[:min(left, len(block))])\n"
        )
        job = self.caller.start("python3", "-c", program)
        stalled = self.caller.read(job)
        next(stalled)
        self.forgetPeak()
        before = self.peak()
        digests = self.followMany(job, size)
        self.assertEqual(len(set(digests)), 1)
        self.assertEqual(self.caller.query(job).status.state, pb.EXITED)
        late = blake2b(collect(stalled)[pb.STDOUT]).digest()
        self.assertEqual(late, digests[0])
        self.assertLess(self.peak() - before, 60_000)

    def followMany(self, job: pb.Job, size: int) -> list[bytes]:
        """
        Follow a job eighteen times to its end, and once in many pieces.

        @return: The digests of what each got.
        """
        with ThreadPoolExecutor(19) as pool:
            futures: list[Future[bytes]] = [
                pool.submit(self.follow, job) for _ in range(18)
            ]
            futures.append(pool.submit(self.followInPieces, job, size))
            return [future.result(120) for future in futures]

    def follow(self, job: pb.Job) -> bytes:
        """
        Follow a job to its end.
        """
        digest = blake2b()
        for reply in self.caller.read(job):
            if reply.WhichOneof("reply") == "chunk":
                digest.update(reply.chunk.data)
        return digest.digest()

    def followInPieces(self, job: pb.Job, size: int) -> bytes:
        """
        Follow a job, and begin anew at the byte that is due after any number of
        messages.
        """
        chance = random.Random(11)
        digest, offset = blake2b(), 0
        while offset < size:
            offsets = pb.Offsets(offsets=[pb.Offset(source=pb.STDOUT, offset=offset)])
            call = self.caller.read(job, offsets=offsets)
            for reply in self.some(call, chance.randrange(1, size >> 18)):
                if reply.WhichOneof("reply") == "chunk":
                    assert reply.chunk.offset == offset
                    digest.update(reply.chunk.data)
                    offset += len(reply.chunk.data)
            call.cancel()
        return digest.digest()

    def some(self, call: Any, many: int) -> Iterator[Any]:
        """
        Take some messages of a call.
        """
        with contextlib.suppress(grpc.RpcError):
            for _, reply in zip(range(many), call, strict=False):
                yield reply

    def forgetPeak(self) -> None:
        """
        Have memory that was needed before, and is not any more, not count.
        """
        for process in processesOf(str(self.daemon.state)):
            Path(f"/proc/{process}/clear_refs").write_text("5")

    def peak(self) -> int:
        """
        Say how much memory the processes of the daemon have had at most together:
        kilobytes.
        """
        peaks = 0
        for process in processesOf(str(self.daemon.state)):
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    peaks += int(line.split()[1])
        return peaks


class CommandLineTests(DaemonCase):
    """
    The command line passes on what a job writes.
    """

    def test_stream(self) -> None:
        """
        The output is written where the job wrote it, and the exit code is the job's.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        job = daemon.run("sh", "-c", "seq 200000; seq 1000 >&2; printf end; exit 42")
        done = daemon.call("stream", "--job", job)
        self.assertEqual(done.returncode, 42)
        expected = b"".join(b"%d\n" % number for number in range(1, 200_001))
        self.assertTrue(done.stdout == expected + b"end")
        self.assertEqual(
            done.stderr, b"".join(b"%d\n" % number for number in range(1, 1001))
        )
        killed = daemon.run("sh", "-c", "kill -9 $$")
        self.assertEqual(daemon.call("stream", "--job", killed).returncode, 137)
