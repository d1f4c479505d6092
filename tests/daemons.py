"""
Daemons as processes of their own, and what it takes to call them.

Everything here waits, with a limit that is meant for a machine that is busy
with something else.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO

from attrs import define, field

from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.keys import loadSigningKey
from jobworker.access.requests import TokenRequest
from jobworker.access.tokens import ISSUER, issue
from jobworker.tls.authority import initialise

ROOT = Path(__file__).parent.parent

#: Seconds after which something that was waited for will not come.
PATIENCE = 60.0

#: What the script C{twistd} does.
TWISTD = "from twisted.scripts.twistd import run; run()"

#: What the script C{jobworker} does.
COMMAND = (
    sys.executable,
    "-c",
    "import sys; from jobworker.cli.main import main; sys.exit(main())",
)

#: Who there is, and with which roles.
SUBJECTS = {
    "alice": ("system.admin",),
    "bob": ("system.user",),
    "carol": ("system.observer",),
    "dave": ("system.user",),
    "mallory": ("system.janitor",),
}


def until(fact: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """
    Wait for something that nobody tells us of.
    """
    end = time.monotonic() + patience
    while not fact():
        if time.monotonic() > end:
            raise AssertionError(f"after {patience:g} s still not: {what}")
        time.sleep(0.01)


def freePort() -> int:
    """
    Find a port of the loopback interface that nobody listens on, and that nobody is
    given who asks the kernel for any while these tests run.
    """
    # Others may listen there, because it is not listened here; and who listens, and
    # ends, and listens again, finds it free again.
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", 0))
    atexit.register(place.close)
    port: int = place.getsockname()[1]
    return port


def environment(**changes: str) -> dict[str, str]:
    """
    Make the environment of a process that imports this checkout and knows
    nothing of a user's settings.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JOBWORKER_")}
    # Nobody has contexts there, and not even root can make some.
    kept["XDG_CONFIG_HOME"] = "/dev/null"
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **changes}


@cache
def credentials() -> Path:
    """
    Make certificates and tokens for everybody, once for all tests.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobworker-credentials-"))
    atexit.register(shutil.rmtree, folder, True)
    certs = folder / "certs"
    initialise(str(certs), users=tuple(SUBJECTS), bad=True)
    key = loadSigningKey((certs / "token_key.pem").read_bytes())
    for subject, roles in SUBJECTS.items():
        request = TokenRequest(subject, roles=roles)
        token = issue(request, key, ISSUER, time.time())
        (folder / f"{subject}.jwt").write_text(token)
    return folder


@define
class Daemon:
    """
    A daemon with a state directory of its own, running or not.

    @ivar state: Its state directory.
    @ivar port: Where it listens.
    @ivar python: The interpreter that runs it.
    """

    folder: Path
    options: Sequence[str] = ()
    port: int = field(factory=freePort)
    python: str = sys.executable
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _log: IO[bytes] | None = field(default=None, init=False)

    @property
    def state(self) -> Path:
        """
        The state directory.
        """
        return self.folder / "state"

    @property
    def logfile(self) -> Path:
        """
        What the daemon has printed.
        """
        return self.folder / "daemon.log"

    def arguments(self, *more: str) -> list[str]:
        """
        Write the command that starts the daemon.
        """
        return [self.python, "-c", TWISTD, *self.twistdArguments(*more)]

    def twistdArguments(self, *more: str) -> list[str]:
        """
        Write what twistd is told.
        """
        certs = credentials() / "certs"
        return [
            *("--nodaemon", "--pidfile=", "jobworker"),
            *("--port", str(self.port), "--state-dir", str(self.state)),
            *("--cert", str(certs / "server_cert.pem")),
            *("--key", str(certs / "server_key.pem")),
            *("--ca", str(certs / "client_ca.pem")),
            *("--tokenkey", str(certs / "token_public.pem")),
            *self.options,
            *more,
        ]

    def backgroundArguments(self, *more: str) -> list[str]:
        """
        Write the command that starts the daemon in the background, with
        C{twistd.pid} and C{twistd.log} in its folder.
        """
        arguments = self.arguments(*more)
        begin = arguments.index("--nodaemon")
        pidfile = str(self.folder / "twistd.pid")
        return [*arguments[:begin], "--pidfile", pidfile, *arguments[begin + 2 :]]

    def start(self, *more: str, **changes: str) -> None:
        """
        Start the daemon, and wait until it is ready.

        @param changes: Variables of its environment.
        """
        begin = self.logfile.stat().st_size if self.logfile.exists() else 0
        with open(self.logfile, "ab") as output:
            self.process = subprocess.Popen(
                self.arguments(*more),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(**changes),
            )
        until(lambda: self._readyOrGone(begin), "the daemon is ready")
        if self.process.poll() is not None:
            raise AssertionError("the daemon ended:\n" + self.said()[-4000:])

    def _readyOrGone(self, begin: int) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            return True
        return b"jobworker is ready" in self.logfile.read_bytes()[begin:]

    def said(self) -> str:
        """
        Read what the daemon has printed so far.
        """
        return self.logfile.read_text("utf-8", "replace")

    def signal(self, number: signal.Signals) -> None:
        """
        Send a signal.
        """
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        """
        Wait for the daemon's end.

        @return: Its exit status, as L{subprocess.Popen} gives it.
        """
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def stop(self) -> int:
        """
        End the daemon politely.

        @return: 0 if it ended as twistd does then: by the signal, when
            everything is done.
        """
        self.signal(signal.SIGTERM)
        status = self.wait()
        return 0 if status == -signal.SIGTERM else status

    def kill(self) -> None:
        """
        End the daemon so that it cannot do anything about it.
        """
        self.signal(signal.SIGKILL)
        self.wait()

    def caller(self, subject: str = "alice") -> dict[str, str]:
        """
        Make the environment of a command line that calls the daemon.
        """
        folder = credentials()
        return environment(
            JOBWORKER_ADDRESS=f"127.0.0.1:{self.port}",
            JOBWORKER_CA=str(folder / "certs/server_ca.pem"),
            JOBWORKER_CERT=str(folder / f"certs/{subject}_cert.pem"),
            JOBWORKER_KEY=str(folder / f"certs/{subject}_key.pem"),
            JOBWORKER_TOKEN=str(folder / f"{subject}.jwt"),
        )

    def call(
        self, *arguments: str, subject: str = "alice", patience: float = PATIENCE
    ) -> subprocess.CompletedProcess[bytes]:
        """
        Run the command line to its end.
        """
        return subprocess.run(
            [*COMMAND, *arguments],
            env=self.caller(subject),
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=patience,
            check=False,
        )

    def run(self, *command: str, subject: str = "alice") -> str:
        """
        Start a job.

        @return: Its identifier.
        """
        program, *arguments = command
        done = self.call("start", "--cmd", program, "--", *arguments, subject=subject)
        if done.returncode:
            raise AssertionError(done.stderr.decode())
        return done.stdout.decode().strip()


def newDaemon(*options: str) -> Daemon:
    """
    Make a daemon with a folder of its own, not started.
    """
    return Daemon(Path(tempfile.mkdtemp(prefix="jobworker-", dir="/tmp")), options)


def endDaemon(daemon: Daemon) -> None:
    """
    End everything of a daemon, its jobs and its supervisor included.
    """
    if daemon.process is not None and daemon.process.poll() is None:
        daemon.process.kill()
        daemon.process.wait(PATIENCE)
    endProcesses(str(daemon.state))


def removeDaemon(daemon: Daemon) -> None:
    """
    Leave nothing of a daemon.
    """
    endDaemon(daemon)
    shutil.rmtree(daemon.folder)


class DaemonCase(SynchronousTestCase):
    """
    Tests with daemons, of which nothing is left afterwards.
    """

    def makeDaemon(self, *options: str) -> Daemon:
        """
        Make a daemon, not started, whose jobs end with it.
        """
        daemon = newDaemon(*options)
        self.addCleanup(self._remove, daemon)
        return daemon

    def startDaemon(self, *options: str) -> Daemon:
        """
        Make a daemon and start it.
        """
        daemon = self.makeDaemon(*options)
        daemon.start()
        return daemon

    def _remove(self, daemon: Daemon) -> None:
        """
        Leave nothing of a daemon.
        """
        removeDaemon(daemon)


def endProcesses(state: str) -> None:
    """
    End the processes that were started with a state directory, politely, and those
    that they have just begun to start.
    """
    told: set[int] = set()

    def ended() -> bool:
        found = processesOf(state)
        for process in {*found} - told:
            told.add(process)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        return not found

    until(ended, f"the processes with {state} have ended")


def processesOf(state: str) -> list[int]:
    """
    Find the processes that were started with a state directory.
    """
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        try:
            arguments = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            zombie = b") Z " in Path("/proc", entry, "stat").read_bytes()
        except OSError:
            continue
        if b"--state-dir" in arguments and state.encode() in arguments and not zombie:
            found.append(int(entry))
    return found
