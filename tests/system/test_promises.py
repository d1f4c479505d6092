"""
What the documentation promises of a daemon as a whole.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from jobworker.client import Client, Input, Output, Specification
from tests.daemons import (
    PATIENCE,
    ROOT,
    Daemon,
    DaemonCase,
    credentials,
    processesOf,
    until,
)
from tests.programs import need

#: The value of a variable, and what is given as input.
_VARIABLE, _INPUT = "correct-horse", "battery-staple"

#: What the kernel says of sockets that reach beyond this host, and whose.
_NETWORK = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")


class PromiseTests(DaemonCase):
    """
    One daemon that writes everything down, and a job that has ended.
    """

    def setUp(self) -> None:
        """
        Start the daemon, and let the job end.
        """
        self.daemon = self.makeDaemon("--on-shutdown", "stop", "--log-format", "json")
        self.record = self.daemon.folder / "audit.log"
        self.daemon.options = (*self.daemon.options, "--audit-log", str(self.record))
        self.daemon.start()
        wanted = Specification(
            environment={"SECRET": _VARIABLE},
            input=Input.of(_INPUT.encode()),
            name="kept",
        )
        with self.client(self.daemon) as client:
            job = client.start(["sh", "-c", "echo out; exit 3"], wanted)
            self.identifier = job.identifier
            self.told = [str(job.wait(PATIENCE)), str(job.query())]
            self.told += map(str, client.jobs())

    def client(self, daemon: Daemon) -> Client:
        """
        Call a daemon.
        """
        return Client.fromContext(environment=daemon.caller())

    def test_promises(self) -> None:
        """
        Secrets are told to nobody, the supervisor is not on the network, and a
        copy of what is on the disk tells of jobs that have ended.
        """
        need("sqlite3")
        self.secrets()
        self.network()
        self.backup()

    def secrets(self) -> None:
        """
        No log has a token, a key or what a job was given, nor has an answer.
        """
        tokens = [path.read_text() for path in credentials().glob("*.jwt")]
        keys = [
            line
            for path in (credentials() / "certs").glob("*key.pem")
            for line in path.read_text().splitlines()
            if not line.startswith("-----")
        ]
        secrets = [_VARIABLE, _INPUT, *(t.split(".")[2] for t in tokens), *keys]
        self.assertGreater(len(secrets), 10)
        # Nobody waits until it is written down what was asked; this was the last.
        until(lambda: '"ListJobs"' in self.record.read_text(), "all is written down")
        logs = (self.record, self.daemon.logfile, self.daemon.state / "supervisor.log")
        for text in (*(log.read_text() for log in logs), *self.told):
            self.assertTrue(text)
            self.assertEqual([each for each in secrets if each in text], [])
        self.assertIn("SECRET", self.record.read_text())

    def network(self) -> None:
        """
        Only the gateway has sockets of the network.
        """
        assert self.daemon.process is not None
        gateway = self.daemon.process.pid
        (supervisor,) = {*processesOf(str(self.daemon.state))} - {gateway}
        self.assertNotEqual(_networkSockets(gateway), set())
        self.assertEqual(_networkSockets(supervisor), set())

    def backup(self) -> None:
        """
        Copy logs and table while the daemon runs, as it is written down, and
        start another one with the copy.
        """
        other = self.makeDaemon("--on-shutdown", "stop")
        other.state.mkdir(0o700)
        shutil.copytree(self.daemon.state / "jobs", other.state / "jobs")
        page = (ROOT / "docs/operations.rst").read_text("utf-8")
        (command,) = re.findall("``(sqlite3 [^`]+ copy.*)``", page)
        subprocess.run(command, shell=True, cwd=self.daemon.state, check=True)
        (self.daemon.state / "copy").rename(other.state / "jobs.sqlite")
        other.start()
        with self.client(other) as client:
            job = client.job("kept")
            self.assertEqual(job.identifier, self.identifier)
            self.assertEqual(job.query().exitCode, 3)
            written = [each.data for each in job.logs() if isinstance(each, Output)]
            self.assertEqual(written, [b"out\n"])


def _networkSockets(process: int) -> set[str]:
    """
    Find the sockets of a process that others than this host can reach.
    """
    links = set()
    for descriptor in Path(f"/proc/{process}/fd").iterdir():
        try:
            links.add(os.readlink(descriptor))
        except FileNotFoundError:
            continue
    known = {
        f"socket:[{line.split()[9]}]"
        for name in _NETWORK
        if (table := Path(f"/proc/{process}/net/{name}")).exists()
        for line in table.read_text().splitlines()[1:]
    }
    return links & known
