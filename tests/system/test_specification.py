"""
What jobs ask for, from the command line to the process and back.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import Any

from jobworker.client import (
    Address,
    AsyncClient,
    Client,
    Credentials,
    Failure,
    ResourceLimit,
    Specification,
    State,
)
from tests.daemons import (
    PATIENCE,
    Daemon,
    DaemonCase,
    credentials,
    processesOf,
    until,
)
from tests.loops import lastingLoop


class SpecificationTests(DaemonCase):
    """
    A daemon gives jobs what they ask for.
    """

    def ask(self, daemon: Daemon, *arguments: str) -> str:
        """
        Run the command line, which succeeds.
        """
        done = daemon.call(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def query(self, daemon: Daemon, job: str) -> dict[str, Any]:
        """
        Find out about a job.
        """
        status: dict[str, Any] = json.loads(
            self.ask(daemon, "query", "--json", "--job", job)
        )
        return status

    def test_daemon(self) -> None:
        """
        A job finds what it asked for, a wrong wish makes no job, a deadline
        passes while there is no gateway, and a key is good for one job for
        ever.
        """
        daemon = self.startDaemon()
        self.findsIt(daemon)
        self.isRefused(daemon)
        self.isSomebody(daemon)
        self.isOne(daemon)
        self.timesOut(daemon)
        self.staysOne(daemon)

    def findsIt(self, daemon: Daemon) -> None:
        """
        Have a job write what it finds, and be told what it was given.
        """
        given = daemon.folder / "given"
        given.write_bytes(b"from a file\n")
        job = self.ask(
            daemon,
            *("start", "--env", "GREETING=a secret", "--cwd", "/tmp", "--umask", "027"),
            *(
                "--nice",
                "4",
                "--limit",
                "nofile=33",
                "--label",
                "team=a",
                "--name",
                "n",
            ),
            *("--stdin", str(given), "--cmd", "sh", "--", "-c"),
            'echo "$GREETING"; pwd; umask; nice; ulimit -n; cat',
        ).strip()
        done = daemon.call("stream", "--job", job)
        self.assertEqual(
            done.stdout, b"a secret\n/tmp\n0027\n4\n33\nfrom a file\n", done.stderr
        )
        status = self.query(daemon, job)
        self.assertNotIn("secret", json.dumps(status))
        self.assertEqual(
            status["asked"],
            {
                "name": "n",
                "labels": {"team": "a"},
                "cwd": "/tmp",
                "umask": "027",
                "nice": 4,
                "limits": {"nofile": "33:33"},
                "env": ["GREETING"],
                "stdin_bytes": 12,
            },
        )

    def client(self, daemon: Daemon) -> Client:
        """
        Make a client.
        """
        return Client(*self.means(daemon))

    def means(self, daemon: Daemon) -> tuple[Address, Credentials, str]:
        """
        Find what clients are made of.
        """
        folder = credentials()
        certs = folder / "certs"
        caller = Credentials.load(
            str(certs / "alice_cert.pem"),
            str(certs / "alice_key.pem"),
            [str(certs / "server_ca.pem")],
        )
        address = Address.parse(f"127.0.0.1:{daemon.port}")
        return address, caller, (folder / "alice.jwt").read_text()

    def isRefused(self, daemon: Daemon) -> None:
        """
        Ask for what cannot be.
        """
        done = daemon.call("start", "--cwd", "/nonexistent", "--cmd", "true")
        self.assertEqual((done.returncode, done.stdout), (65, b""), done.stderr)
        self.assertIn("cannot change to the directory", done.stderr.decode())
        much = ResourceLimit("nofile", 16, 99999999999)
        with self.client(daemon) as client:
            for wanted, why in (
                (Specification(directory="here"), "absolute path"),
                (Specification(environment={"PWD": "x"}), "cannot be changed"),
                (Specification(limits=[much]), "above that of the service"),
            ):
                error = self.assertRaises(Failure, client.start, ["true"], wanted)
                self.assertIn(why, str(error))
            self.assertEqual(len(list(client.jobs())), 1)

    def isSomebody(self, daemon: Daemon) -> None:
        """
        Run a job as another user, who finds nothing of the daemon's.
        """
        asNobody = ("start", "--user", "nobody", "--cmd", "sh", "--", "-c")
        if os.geteuid() != 0:
            done = daemon.call(*asNobody, "id -un")
            self.assertIn("does not run as root", done.stderr.decode())
            return
        self.assertEqual(daemon.state.stat().st_mode & 0o077, 0)
        script = f"id -un; ls {daemon.state} || exit 3"
        job = self.ask(daemon, *asNobody, script).strip()
        done = daemon.call("stream", "--job", job)
        self.assertEqual((done.returncode, done.stdout), (3, b"nobody\n"))
        self.assertEqual(self.query(daemon, job)["asked"], {"user": "nobody"})
        self.assertIn("user:      nobody", self.ask(daemon, "query", "--job", job))
        self.ask(daemon, "delete", "--job", job)
        for subject in ("bob", "carol"):
            done = daemon.call(*asNobody, "true", subject=subject)
            self.assertEqual((done.returncode, done.stdout), (77, b""))
        self.assertIn("do not allow", done.stderr.decode())

    def isOne(self, daemon: Daemon) -> None:
        """
        Make two hundred starts with one key, all at once.
        """

        async def start() -> set[str]:
            wanted = Specification(key="one")
            async with AsyncClient(*self.means(daemon)) as client:
                starts = (client.start(["true"], wanted) for _ in range(200))
                return {job.identifier for job in await asyncio.gather(*starts)}

        jobs = lastingLoop().run_until_complete(start())
        self.assertEqual(len(jobs), 1)
        (self.one,) = jobs

    def timesOut(self, daemon: Daemon) -> None:
        """
        Let the time of two jobs be over while there is no gateway, but not
        that of one that writes.
        """
        go = daemon.folder / "go"
        talking = f"until [ -e {go} ]; do echo here; sleep 0.05; done"
        bounded = Specification(timeout=1.5, stopSignal=signal.SIGINT)
        idle = Specification(idleTimeout=3, stopSignal=signal.SIGINT)
        with self.client(daemon) as client:
            jobs = {
                client.start(["sleep", "1000"], wanted): (cause, said)
                for wanted, cause, said in (
                    (bounded, "timed out", "ran for 1.5 s"),
                    (idle, "idle", "wrote nothing for 3 s"),
                )
            }
            busy = client.start(["sh", "-c", talking], idle)
            pids = [f"/proc/{job.query().pid}" for job in jobs]
        daemon.kill()
        until(lambda: not any(map(os.path.exists, pids)), "their time is over")
        go.touch()
        daemon.start()
        with self.client(daemon) as client:
            for job, (cause, said) in jobs.items():
                # Its process is gone, but that need not be stored yet.
                status = client.wait(job.identifier, PATIENCE)
                self.assertEqual((status.state, status.cause), (State.STOPPED, cause))
                self.assertIn(said, status.reason)
                self.assertEqual(status.signal, signal.SIGINT)
            self.assertEqual(client.wait(busy.identifier, PATIENCE).cause, "exited")

    def staysOne(self, daemon: Daemon) -> None:
        """
        Use the key again when gateway and supervisor have been exchanged.
        """
        daemon.kill()
        for process in processesOf(str(daemon.state)):
            os.kill(process, signal.SIGKILL)
        until(lambda: not processesOf(str(daemon.state)), "the supervisor is gone")
        daemon.start()
        again = self.ask(daemon, "start", "--once", "one", "--cmd", "true").strip()
        self.assertEqual(again, self.one)
        done = daemon.call("start", "--once", "one", "--cmd", "false")
        self.assertEqual((done.returncode, done.stdout), (79, b""))
        self.assertIn("started differently", done.stderr.decode())
