"""
What strangers, and users who mean harm, can do to a daemon that runs: nothing
that others notice for long.
"""

from __future__ import annotations

# Trial takes a name "suppress" in a module for an option of its own.
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from random import Random

import grpc
from grpc import StatusCode as Code

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling, refusalOf
from tests.daemons import DaemonCase, credentials, until
from tests.disks import descriptorsOf, supervisorOf

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#: More connections than the door lets in.
_MANY = 2200

#: Bytes that may be logged about everything that happens in one test: two
#: hundred lines.
_LOGGED = 60_000

#: Bytes of memory that a process may keep of it.
_KEPT = 60 * 2**20


class AttackCase(DaemonCase):
    """
    A daemon that serves Alice, whatever others do.
    """

    def setUp(self) -> None:
        """
        Start it, and connect as Alice and as Bob, who is a user.
        """
        self.daemon = self.startDaemon("--on-shutdown", "stop")
        self.caller = self.connect("alice")
        self.job = self.caller.start("true")
        list(self.caller.read(self.job))
        self.bob = self.connect("bob")
        with self.assertRaises(grpc.RpcError):
            self.bob.query(pb.Job(id="no"))
        assert self.daemon.process is not None
        self.pids = (self.daemon.process.pid, supervisorOf(self.daemon))
        self.before = [(descriptorsOf(pid), _memoryOf(pid)) for pid in self.pids]
        self.logged = self.logSize()

    def connect(self, subject: str) -> Caller:
        """
        Connect as somebody.
        """
        connection = calling(self.daemon, subject, alone=True)
        caller = connection.__enter__()
        self.addCleanup(connection.__exit__, None, None, None)
        return caller

    def logSize(self) -> int:
        """
        Count the bytes that both processes have logged.
        """
        logs = (self.daemon.logfile, self.daemon.state / "supervisor.log")
        return sum(log.stat().st_size for log in logs)

    def dial(self) -> socket.socket:
        """
        Connect as nobody.
        """
        return socket.create_connection(("127.0.0.1", self.daemon.port), 30)

    def enter(self) -> socket.socket:
        """
        Connect with Bob's certificate, and say nothing.
        """
        certs = credentials() / "certs"
        context = ssl.create_default_context(cafile=certs / "server_ca.pem")
        context.load_cert_chain(certs / "bob_cert.pem", certs / "bob_key.pem")
        context.set_alpn_protocols(["h2"])
        return context.wrap_socket(self.dial(), server_hostname="localhost")

    def assertServed(self) -> None:
        """
        Alice gets answers, over the connection that she has and over a new one.
        """
        self.assertEqual(self.caller.query(self.job).status.state, pb.EXITED)
        with calling(self.daemon, alone=True) as another:
            self.assertEqual(another.query(self.job).status.state, pb.EXITED)

    def assertUnharmed(self) -> None:
        """
        Nothing is left of what was done, and little was said of it.
        """
        self.assertServed()
        for pid, (descriptors, memory) in zip(self.pids, self.before, strict=True):
            _untilClosed(pid, descriptors)
            self.assertLess(_memoryOf(pid) - memory, _KEPT)
        self.assertLess(self.logSize() - self.logged, _LOGGED)
        self.assertNotIn("Traceback", self.daemon.said())
        self.assertNotIn(
            "Traceback", (self.daemon.state / "supervisor.log").read_text()
        )


class StrangerTests(AttackCase):
    """
    Who has no certificate gets nowhere, and keeps nobody out.
    """

    def test_halfOpen(self) -> None:
        """
        Thousands of connections that say nothing give way, and thousands that
        are broken leave nothing.
        """
        crowd = [self.dial() for _ in range(_MANY)]
        self.assertServed()
        for connection in crowd:
            connection.close()
        # Others are broken, some in the middle of a handshake.
        for number in range(800):
            connection = self.dial()
            if number % 3 == 0:
                connection.sendall(b"\x16\x03\x01\x02")
            _reset(connection)
        self.assertUnharmed()


class UserTests(AttackCase):
    """
    Who has a certificate can be tiresome, but not for others.
    """

    def test_garbage(self) -> None:
        """
        What is no HTTP/2 ends a connection, and no more; who never finishes
        the first sentence stays alone.
        """
        slow = [self.enter() for _ in range(100)]
        for number, connection in enumerate(slow):
            connection.sendall(_PREFACE[: number % len(_PREFACE)])
        self.assertServed()
        random = Random(1)
        settings = _PREFACE + _frame(4, 0, 0)
        garbage: list[Callable[[], bytes]] = [
            lambda: random.randbytes(2000),
            lambda: _PREFACE + random.randbytes(5000),
            lambda: settings + _frame(1, 4, 1, random.randbytes(300)),
            lambda: settings + _frame(6, 0, 0, bytes(8)) * 500,
            lambda: settings + b"\xff\xff\xff\0\0\0\0\0\1",
            lambda: settings + b"".join(_frame(3, 0, n, bytes(4)) for n in range(99)),
        ]
        for number in range(60):
            connection = self.enter()
            try:
                connection.sendall(garbage[number % len(garbage)]())
            except OSError:
                # It was faster to close than we to speak.
                continue
            finally:
                _reset(connection) if number % 2 else connection.close()
        for connection in slow:
            connection.close()
        self.assertUnharmed()

    def test_calls(self) -> None:
        """
        Tokens and requests of every size, and names of jobs that are none,
        are refused with a status.
        """
        token, self.bob.metadata = self.bob.metadata, (("token", "x" * 2**20),)
        self.assertIs(refusalOf(self.bob.query, self.job)[0], Code.RESOURCE_EXHAUSTED)
        self.bob.metadata = (("token", "x" * 15_000),)
        for _ in range(500):
            code = refusalOf(self.bob.query, self.job)[0]
            self.assertIs(code, Code.PERMISSION_DENIED)
        self.bob.metadata = token
        for size, expected in (
            (2**22 - 100, Code.INVALID_ARGUMENT),
            (2**22 + 100, Code.RESOURCE_EXHAUSTED),
        ):
            self.assertIs(refusalOf(self.bob.start, "true", "x" * size)[0], expected)
        names = ("../../etc/passwd", "..", "/etc/passwd", "x" * 100_000, "\0")
        calls = (self.bob.query, self.bob.kill, self.bob.delete, self.bob.read)
        for call in calls:
            for name in (*names, f"{self.job.id}/../{self.job.id}", "{" + self.job.id):
                self.assertIn(
                    refusalOf(call, pb.Job(id=name))[0],
                    {Code.NOT_FOUND, Code.PERMISSION_DENIED},
                )
        self.assertIs(refusalOf(self.bob.query, pb.Job())[0], Code.INVALID_ARGUMENT)
        list(self.bob.read(self.bob.start("true", *map(str, range(10_000)))))
        self.assertUnharmed()

    def test_fields(self) -> None:
        """
        Who sends thousands of header fields with a request, at a byte each, is cut
        off; two hundred are no reason.
        """
        many = tuple((f"x-{number}", "y") for number in range(200))
        self.bob.metadata = (*self.bob.metadata, *many)
        self.assertIs(refusalOf(self.bob.query, pb.Job())[0], Code.INVALID_ARGUMENT)
        # Fields of the static table: "accept-encoding: gzip, deflate".
        flood = b"".join(
            _frame(1, 4, stream, b"\x83\x86\x84" + b"\x90" * 16_000)
            for stream in range(1, 200, 2)
        )
        for _ in range(20):
            connection = self.enter()
            with contextlib.suppress(OSError):
                connection.sendall(_PREFACE + _frame(4, 0, 0) + flood)
                while connection.recv(2**16):
                    pass
            connection.close()
        self.assertIn("a request has more than 256 header fields", self.daemon.said())
        self.assertUnharmed()

    def test_followers(self) -> None:
        """
        A thousand streams are opened and abandoned, by themselves and with
        their connections.
        """
        job = self.bob.start("sleep", "60")
        streams = [self.bob.read(job) for _ in range(1000)]
        next(iter(streams[-1]))
        self.assertServed()
        for stream in streams:
            stream.cancel()
        with calling(self.daemon, "bob", alone=True) as another:
            streams = [another.read(job) for _ in range(300)]
            next(iter(streams[-1]))
        self.bob.kill(job)
        self.assertUnharmed()


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """
    Make a frame of HTTP/2.
    """
    head = struct.pack(">I", len(payload))[1:] + bytes((kind, flags))
    return head + struct.pack(">I", stream) + payload


def _reset(connection: socket.socket) -> None:
    """
    Break a connection.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _untilClosed(pid: int, most: int) -> None:
    """
    Wait until a process has no more files open than that.
    """
    until(lambda: descriptorsOf(pid) <= most, "all files are closed")


def _memoryOf(pid: int) -> int:
    """
    Count the bytes of memory that a process takes.
    """
    words = Path(f"/proc/{pid}/status").read_text().split()
    return int(words[words.index("VmRSS:") + 1]) * 1024
