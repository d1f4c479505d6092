"""
A daemon writes down who was allowed what, and does nothing that it cannot write
down.
"""

from __future__ import annotations

import json
import os
import pwd
import socket
import stat
from pathlib import Path
from typing import Any

import grpc
from grpc import StatusCode as Code

from jobworker.access.policy import REQUIRED
from jobworker.api import worker_pb2 as pb
from tests.callers import (
    SERVICE,
    Caller,
    calling,
    channelCredentials,
    metadata,
    refusalOf,
)
from tests.daemons import Daemon, DaemonCase, until


class AuditCase(DaemonCase):
    """
    Tests with an audit log.
    """

    daemon: Daemon

    def start(self, *options: str) -> None:
        """
        Start a daemon that has one.
        """
        self.daemon = self.makeDaemon(*options, "--on-shutdown", "stop")
        self.path = self.daemon.folder / "audit" / "audit.log"
        self.path.parent.mkdir()
        self.daemon.options = ("--audit-log", str(self.path), *self.daemon.options)
        self.daemon.start()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """
        Read what was written: whole lines.
        """
        text, _, _ = self.path.read_text().rpartition("\n")
        lines = [json.loads(line) for line in text.splitlines()]
        return [line for line in lines if line["event"] == event]


class AuditTests(AuditCase):
    """
    One daemon, and what it writes down of calls.
    """

    def test_written(self) -> None:
        """
        Every call leaves one line: what was asked by whom, and what was decided;
        so does every connection.  The daemon's own log, too, says whose call
        its events belong to.
        """
        self.start("--log-format", "json")
        with calling(self.daemon, "bob") as bob:
            job = bob.start("sh", "-c", "echo secret; sleep 600")
            next(iter(bob.stream(job)))
            bob.query(job)
            bob.kill(job)
        self.refusals(job)
        self.everything()
        until(lambda: len(self.lines("call")) == 11 + len(REQUIRED), "all is there")
        calls = self.lines("call")
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        started, streamed, queried, stopped = calls[:4]
        self.assertEqual(started["command"], ["sh", "-c", "echo secret; sleep 600"])
        self.assertEqual(streamed["method"], "StreamLog")
        for line in (started, streamed, queried, stopped):
            self.assertEqual((line["decision"], line["subject"]), ("allowed", "bob"))
            self.assertEqual(line["roles"], ["system.user"])
            self.assertRegex(line["certificate"], r"^[0-9a-f]{64}$")
            self.assertRegex(line["peer"], r"^127\.0\.0\.1:\d+$")
            self.assertNotIn("cause", line)
        for line in (streamed, queried, stopped):
            self.assertEqual(line["job"], job.id)
        start = self.lines("started")[0]
        self.assertEqual((start["call"], start["job"]), (started["call"], job.id))
        self.assertRefusals(calls[4:11], job)
        self.assertConnections()
        self.assertLogged(job)

    def refusals(self, job: pb.Job) -> None:
        """
        Be refused for every reason that there is to refuse calls.
        """
        with calling(self.daemon, "carol") as carol:
            refusalOf(carol.start, "true")
        with calling(self.daemon, "dave") as dave:
            refusalOf(dave.delete, job)
        with calling(self.daemon, "mallory") as mallory:
            refusalOf(mallory.query, job)
        with grpc.secure_channel(
            f"127.0.0.1:{self.daemon.port}", channelCredentials("alice")
        ) as channel:
            refusalOf(Caller(channel).query, job)
            refusalOf(Caller(channel, metadata("bob")).query, job)
        with calling(self.daemon) as alice:
            refusalOf(alice.query, pb.Job(id="nonsense\n"))
            refusalOf(alice.start, "")
        with socket.create_connection(("127.0.0.1", self.daemon.port)) as stranger:
            stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
            while stranger.recv(4096):
                pass

    def everything(self) -> None:
        """
        Call every method that there is, as somebody who may, with nothing in
        the request.
        """
        with grpc.secure_channel(
            f"127.0.0.1:{self.daemon.port}", channelCredentials("alice")
        ) as channel:
            for method in REQUIRED:
                call = channel.unary_stream(SERVICE + method)
                asked = call(b"", metadata=metadata("alice"), timeout=60)
                try:
                    next(iter(asked), None)
                except grpc.RpcError as error:
                    self.assertIsInstance(error, grpc.Call)
                asked.cancel()

    def assertRefusals(self, calls: list[dict[str, Any]], job: pb.Job) -> None:
        """
        Those who were refused are there, with what is known of them.
        """
        expected = [
            ("carol", "StartJob", "role"),
            ("dave", "DeleteJob", "owner"),
            ("mallory", "QueryJob", "role"),
            (None, "QueryJob", "token"),
            ("bob", "QueryJob", "subject"),
            ("alice", "QueryJob", "request"),
            ("alice", "StartJob", "request"),
        ]
        found = [(each.get("subject"), each["method"], each["cause"]) for each in calls]
        self.assertEqual(found, expected)
        for line in calls:
            self.assertEqual(line["decision"], "refused")
            self.assertNotEqual(line["reason"], "")
            self.assertRegex(line["certificate"], r"^[0-9a-f]{64}$")
        self.assertEqual(calls[1]["job"], job.id)
        self.assertIn("alice", calls[4]["names"])

    def assertConnections(self) -> None:
        """
        Those who came to the door are there.
        """
        connections = self.lines("connection")
        (stranger,) = [each for each in connections if each["decision"] == "refused"]
        self.assertEqual(stranger["cause"], "not_tls")
        self.assertRegex(stranger["peer"], r"^127\.0\.0\.1:\d+$")
        self.assertNotIn("certificate", stranger)
        names = [each["names"] for each in connections if each != stranger]
        self.assertEqual(names[0], ["bob"])

    def assertLogged(self, job: pb.Job) -> None:
        """
        The log of the daemon says of its events whose call they belong to.
        """
        entries = [
            json.loads(line)
            for line in self.daemon.said().splitlines()
            if line.startswith("{")
        ]
        (start,) = [
            each
            for each in entries
            if each.get("rpc") == "StartJob" and each.get("job") == job.id
        ]
        self.assertEqual((start["caller"], start["level"]), ("bob", "info"))
        self.assertRegex(start["peer"], r"^127\.0\.0\.1:\d+$")
        refused = [
            each for each in entries if each["text"].startswith("refused Delete")
        ]
        self.assertEqual([each["caller"] for each in refused], ["dave"])
        self.assertEqual([each["job"] for each in refused], [job.id])
        supervisor = Path(self.daemon.state, "supervisor.log").read_text()
        for line in supervisor.splitlines():
            json.loads(line)

    def test_unwritten(self) -> None:
        """
        While the log cannot be written nothing is done, and that is said; as
        soon as it can be, everything goes on.  Arguments can be left out.
        """
        self.start("--audit-redact-arguments", "--metrics-port", "0")
        with calling(self.daemon) as alice:
            job = alice.start("sleep", "600")
            # It is written behind the call, and nothing is to be written when it is.
            until(lambda: bool(self.lines("started")), "the start is written down")
            (line,) = self.lines("call")
            self.assertEqual((line["command"], line["arguments"]), (["sleep"], 1))
            self.path.rename(self.path.parent / "moved")
            self.path.mkdir()
            until(lambda: self.refused(alice, job), "calls are refused")
            code, words = refusalOf(alice.start, "true")
            self.assertEqual(code, Code.UNAVAILABLE)
            self.assertIn("audit log", words)
            # Calls are refused before it is said.
            until(lambda: self.complains(), "it is said that nothing can be written")
            self.path.rmdir()
            until(lambda: not self.refused(alice, job), "calls are answered")
        self.assertEqual(self.daemon.stop(), 0)
        causes = {line.get("cause", "") for line in self.lines("call")}
        self.assertEqual(causes, {"", "audit"})
        (line,) = [
            json.loads(line)
            for line in (self.path.parent / "moved").read_text().splitlines()
            if '"event":"call"' in line
        ]
        self.assertEqual(line["method"], "StartJob")

    def complains(self) -> bool:
        """
        Say whether the daemon has said that it cannot write.
        """
        return "cannot write the audit log" in self.daemon.said()

    def refused(self, caller: Caller, job: pb.Job) -> bool:
        """
        Say whether a call is refused because it cannot be written down.
        """
        try:
            caller.query(job)
        except grpc.RpcError as error:
            return bool(error.code() is Code.UNAVAILABLE)
        return False


class UserTests(AuditCase):
    """
    The log of a gateway that becomes another user.
    """

    def test_another(self) -> None:
        """
        The log is opened while that is allowed, belongs to the user, and the
        user must be able to begin new ones.
        """
        if os.geteuid():
            self.skipTest("only root can become another user")
        nobody = pwd.getpwnam("nobody")
        daemon = self.makeDaemon("--gateway-user", "nobody")
        daemon.folder.chmod(0o755)
        folder = daemon.folder / "audit"
        folder.mkdir()
        path = folder / "audit.log"
        daemon.options = (*daemon.options, "--audit-log", str(path))
        self.assertRaises(AssertionError, daemon.start)
        self.assertEqual(daemon.wait(), 1)
        self.assertIn("cannot begin new audit logs", daemon.said())
        daemon.options = (*daemon.options, "--audit-size", "0")
        daemon.start()
        with calling(daemon) as alice:
            alice.start("true")
        until(lambda: '"started"' in path.read_text(), "it is written")
        self.assertEqual(path.stat().st_uid, nobody.pw_uid)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
