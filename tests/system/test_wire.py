"""
Clients of the original job worker can talk to this one.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.daemons import credentials, until
from tests.oldwire import CLASSES, STATES, OldClient
from tests.sharing import SharingCase

Command, Job = CLASSES["Command"], CLASSES["Job"]
StopRequest, StreamRequest = CLASSES["StopRequest"], CLASSES["StreamRequest"]


class WireCase(SharingCase):
    """
    Tests with a daemon and clients of the original.
    """

    def setUp(self) -> None:
        """
        Be a client of the daemon.
        """
        super().setUp()
        self.alice = self.client("alice")

    def client(
        self, subject: str, token: str | None = None, port: int | None = None
    ) -> OldClient:
        """
        Connect with the certificate and the token of somebody.

        @param token: Instead of the token; empty means none.
        """
        folder = credentials()
        channel = grpc.secure_channel(
            f"127.0.0.1:{port or self.daemon.port}",
            grpc.ssl_channel_credentials(
                (folder / "certs/server_ca.pem").read_bytes(),
                (folder / f"certs/{subject}_key.pem").read_bytes(),
                (folder / f"certs/{subject}_cert.pem").read_bytes(),
            ),
        )
        self.addCleanup(channel.close)
        if token is None:
            token = (folder / f"{subject}.jwt").read_text()
        return OldClient(channel, token or None)

    def assertRefused(
        self, code: grpc.StatusCode, call: Any, *arguments: Any, field: str = ""
    ) -> None:
        """
        Make a call that is refused.

        @param field: The field that is to blame.
        """
        error = self.assertRaises(grpc.RpcError, call, *arguments)
        self.assertEqual(error.code(), code, error.details())
        if field:
            status = rpc_status.from_call(error)
            self.assertIsNotNone(status, error.details())
            (detail,) = status.details
            blamed = error_details_pb2.BadRequest()
            self.assertTrue(detail.Unpack(blamed))
            (violation,) = blamed.field_violations
            self.assertEqual(violation.field, field)
            self.assertNotEqual(violation.description, "")


def messages(logs: list[Any]) -> list[tuple[str, str]]:
    """
    Get source and text of the entries of a log.
    """
    entries = [json.loads(log.entry) for log in logs]
    return [(entry["source"], entry["msg"]) for entry in entries]


class JobTests(WireCase):
    """
    The four calls do what they did.
    """

    def test_life(self) -> None:
        """
        A job is started, queried while it runs, streamed, and queried when it has
        ended; what was asked for is told as it was asked.
        """
        script = "echo out; echo err >&2; exit 3"
        job = self.alice.start("sh", "-c", script)
        self.assertTrue(re.fullmatch(r"[0-9a-f-]{36}", job.id), job.id)
        logs = self.alice.stream(job)
        self.assertEqual([log.nbSequence for log in logs], list(range(len(logs))))
        said = messages(logs)
        self.assertEqual(sorted(said[:2]), [("stderr", "err"), ("stdout", "out")], said)
        self.assertEqual({source for source, _ in said[2:]}, {"log"})
        self.assertEqual(len(said), 4, said)
        self.assertEqual(said[-1], ("log", f"Exiting job {job.id}"))
        for log in logs:
            entry = json.loads(log.entry)
            self.assertLessEqual({"msg", "source", "time", "level"}, set(entry))
            self.assertEqual(entry["level"], "info")
            self.assertEqual({type(value) for value in entry.values()}, {str})
        status = self.alice.query(job)
        self.assertEqual(status.job, job)
        self.assertEqual(status.owner, "alice")
        self.assertEqual(status.command, Command(cmd="sh", args=["-c", script]))
        self.assertEqual(status.status.state, STATES["EXITED"])
        self.assertEqual(status.status.exitCode, 3)

    def test_exitZero(self) -> None:
        """
        The log of a job that succeeds has one remark, that it exits.
        """
        job = self.alice.start("true")
        self.assertEqual(
            messages(self.alice.stream(job)), [("log", f"Exiting job {job.id}")]
        )

    def test_running(self) -> None:
        """
        A job that runs has the process id of its command, and no exit code.
        """
        job = self.alice.start("sleep", "300")
        status = self.alice.query(job).status
        self.assertEqual(status.state, STATES["RUNNING"])
        self.assertEqual(status.exitCode, -1)
        line = Path(f"/proc/{status.pid}/cmdline")
        # A process that is just being executed has none.
        until(lambda: line.read_bytes() != b"", "the command is executed")
        self.assertEqual(line.read_bytes(), b"sleep\x00300\x00")

    def test_stop(self) -> None:
        """
        A stop answers once the process is gone, with the code it left with: none
        for one that a signal ended.
        """
        job = self.alice.start("sleep", "300")
        pid = self.alice.query(job).status.pid
        status = self.alice.stop(job).status
        self.assertEqual((status.state, status.exitCode), (STATES["STOPPED"], -1))
        self.assertRaises(FileNotFoundError, open, f"/proc/{pid}/stat")
        polite = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done"
        job = self.alice.start("sh", "-c", polite)
        next(self.alice.open("StreamLog", StreamRequest(job=job)))
        status = self.alice.stop(job).status
        self.assertEqual((status.state, status.exitCode), (STATES["STOPPED"], 0))

    def test_force(self) -> None:
        """
        A polite stop that is ignored for a second fails and the job goes on; a stop
        with force ends it.
        """
        stubborn = "trap '' TERM; echo ready; while :; do sleep 0.02; done"
        job = self.alice.start("sh", "-c", stubborn)
        next(self.alice.open("StreamLog", StreamRequest(job=job)))
        self.assertRefused(
            grpc.StatusCode.DEADLINE_EXCEEDED, self.alice.stop, job, field="force"
        )
        status = self.alice.query(job).status
        self.assertEqual(status.state, STATES["RUNNING"])
        status = self.alice.stop(job, force=True).status
        self.assertEqual((status.state, status.exitCode), (STATES["STOPPED"], -1))

    def test_follow(self) -> None:
        """
        A follower gets the past, then each line as it is written, and the end.
        """
        script = "echo first; read -r word < go; echo $word"
        job = self.alice.start(
            "sh", "-c", f"cd {self.daemon.folder}; mkfifo go; {script}"
        )
        stream = self.alice.open("StreamLog", StreamRequest(job=job))
        self.assertEqual(json.loads(next(stream).entry)["msg"], "first")
        with open(self.daemon.folder / "go", "w") as go:
            go.write("second\n")
        rest = messages(list(stream))
        self.assertEqual(rest, [("stdout", "second"), ("log", f"Exiting job {job.id}")])

    def test_startPoint(self) -> None:
        """
        A log can be had from any entry on, again and again, with the same numbers.
        """
        job = self.alice.start("sh", "-c", "seq 100; seq 50 >&2; exit 7")
        whole = self.alice.stream(job)
        self.assertEqual(len(whole), 152)
        for start in (0, 1, 99, 100, 149, 150, 151):
            self.assertEqual(self.alice.stream(job, start), whole[start:])
        self.assertEqual(self.alice.stream(job, 152), [])
        self.assertEqual(self.alice.stream(job, 2**31 - 1), [])

    def test_restart(self) -> None:
        """
        After a restart jobs and logs are as before, with the same numbers.
        """
        job = self.alice.start("sh", "-c", "seq 1000 & seq 1000 >&2; wait; exit 9")
        whole, status = self.alice.stream(job), self.alice.query(job)
        self.assertEqual(self.daemon.stop(), 0, self.daemon.said())
        self.daemon.start()
        again = self.client("alice")
        self.assertEqual(again.stream(job), whole)
        self.assertEqual(again.query(job), status)
        self.assertEqual(again.stream(job, 1500), whole[1500:])

    def test_arguments(self) -> None:
        """
        Arguments arrive as they were sent.
        """
        for arguments in (
            (),
            ("",),
            ("two\nlines", "", "é €", "\U0001f40d", "-n", "$HOME", "a b"),
            tuple(map(str, range(10_000))),
        ):
            program = "import sys; print(ascii(sys.argv[1:]))"
            job = self.alice.start("python3", "-c", program, *arguments)
            said = "".join(
                text for source, text in messages(self.alice.stream(job))[:-1]
            )
            self.assertEqual(said, ascii([*arguments]))


class StatusTests(WireCase):
    """
    Whatever is refused is refused with the status of the contract.
    """

    def test_permission(self) -> None:
        """
        Tokens that are missing, broken or of no use are refused.
        """
        own = (credentials() / "alice.jwt").read_text()
        header, claims, signature = own.split(".")
        tokens = {
            "none": "",
            "no token": "x",
            "broken signature": f"{header}.{claims}.{signature[::-1]}",
            "other algorithm": f"eyJhbGciOiJub25lIn0.{claims}.",
            "somebody else's": (credentials() / "bob.jwt").read_text(),
        }
        for token in tokens.values():
            client = self.client("alice", token)
            self.assertRefused(grpc.StatusCode.PERMISSION_DENIED, client.start, "true")

    def test_roles(self) -> None:
        """
        Who has not the right role, or does not own the job, is refused.
        """
        job = self.alice.start("sleep", "300")
        denied = grpc.StatusCode.PERMISSION_DENIED
        bob, carol, mallory = map(self.client, ("bob", "carol", "mallory"))
        self.assertEqual(bob.query(job).owner, "alice")
        self.assertRefused(denied, bob.stop, job)
        self.assertRefused(denied, bob.stream, job)
        self.assertEqual(carol.query(job).owner, "alice")
        for refused in (carol.stop, carol.stream, mallory.query, mallory.stop):
            self.assertRefused(denied, refused, job)
        for client in (carol, mallory):
            self.assertRefused(denied, client.start, "true")
        own = bob.start("sleep", "300")
        self.assertEqual(self.alice.stop(own).status.state, STATES["STOPPED"])

    def test_unstartable(self) -> None:
        """
        What cannot be started is the command's fault, and creates no job.
        """
        script = self.daemon.folder / "script"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        garbage = self.daemon.folder / "garbage"
        garbage.write_bytes(b"\x7fELF nothing of the kind")
        garbage.chmod(0o755)
        plain = self.daemon.folder / "plain"
        plain.write_text("echo hello\n")
        rows: list[tuple[str, ...]] = [
            ("",),
            ("no-such-command",),
            ("/no/such/file",),
            ("/etc/passwd",),
            ("/etc",),
            (str(plain),),
            (str(script),),
            (str(garbage),),
            ("true", "a\0b"),
            ("true", "x" * 2**20),
        ]
        for row in rows:
            self.assertRefused(
                grpc.StatusCode.INVALID_ARGUMENT,
                self.alice.start,
                *row,
                field="command",
            )

    def test_unknown(self) -> None:
        """
        A job that there is not is not found.
        """
        job = Job(id=str(uuid4()))
        for call in (self.alice.query, self.alice.stop, self.alice.stream):
            self.assertRefused(grpc.StatusCode.NOT_FOUND, call, job, field="job")

    def test_ended(self) -> None:
        """
        A job that has ended cannot be stopped.
        """
        job = self.alice.start("true")
        self.alice.stream(job)
        for force in (False, True):
            self.assertRefused(
                grpc.StatusCode.ALREADY_EXISTS, self.alice.stop, job, force, field="job"
            )

    def test_malformed(self) -> None:
        """
        A request without a job, or with a start point below zero, is refused and
        harms nobody.
        """
        job = self.alice.start("sleep", "300")
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        call = self.alice.call
        self.assertRefused(invalid, call, "StopJob", StopRequest())
        self.assertRefused(invalid, call, "StreamLog", StreamRequest())
        self.assertRefused(invalid, call, "QueryJob", Job())
        self.assertRefused(invalid, self.alice.stream, job, -1)
        self.assertEqual(self.alice.query(job).status.state, STATES["RUNNING"])

    def test_tooLarge(self) -> None:
        """
        A request over 4 MiB is refused as such.
        """
        command = Command(cmd="true", args=["x" * 2**22])
        self.assertRefused(
            grpc.StatusCode.RESOURCE_EXHAUSTED, self.alice.call, "StartJob", command
        )

    def test_handshake(self) -> None:
        """
        Whoever cannot show a certificate of ours sees that the service is
        unavailable.
        """
        folder = credentials() / "certs"
        authority = (folder / "server_ca.pem").read_bytes()
        channel = grpc.secure_channel(
            f"127.0.0.1:{self.daemon.port}", grpc.ssl_channel_credentials(authority)
        )
        self.addCleanup(channel.close)
        client = OldClient(channel, (credentials() / "alice.jwt").read_text())
        before = len(self.daemon.said())
        self.assertRefused(grpc.StatusCode.UNAVAILABLE, client.start, "true")
        until(
            lambda: "refused" in self.daemon.said()[before:],
            "the daemon has logged the refusal",
        )


class EndTests(WireCase):
    """
    The end of the output is there however fast the job is.
    """

    def test_short(self) -> None:
        """
        Of jobs that end at once no line is lost.
        """
        for lines in (1, 1000):
            expected = [("stdout", str(n)) for n in range(1, lines + 1)]
            for _ in range(30):
                job = self.alice.start("seq", str(lines))
                said = messages(self.alice.stream(job))
                self.assertEqual(said, [*expected, ("log", f"Exiting job {job.id}")])
