"""
What is wrong when a daemon is started is said in one line, and nothing is left.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from tests.daemons import (
    PATIENCE,
    TWISTD,
    Daemon,
    DaemonCase,
    credentials,
    environment,
    processesOf,
    until,
)

NOBODY = 65534

#: What twistd logs that is no reason.
_CHATTER = re.compile(
    r"twistd .* starting up\.$|reactor class: |Main loop terminated\.$"
    r"|Server Shut Down\.$"
)

#: Be twistd as often as is said on standard input; importing takes longest, and
#: looking at all that again when a process ends nearly as long.
_FORKS = """
import gc, json, os, sys
import jobworker.tap
from twisted.scripts.twistd import run
gc.freeze()
for arguments in json.load(sys.stdin):
    if os.fork() == 0:
        sys.argv = ["twistd", *arguments]
        sys.exit(run())
    _, status = os.wait()
    print(end="\\0%d\\0" % os.waitstatus_to_exitcode(status), flush=True)
"""

_STAMP = re.compile(r"^\S+ \[[^]]*\] ")


@frozen
class Attempt:
    """
    What came of the start of a daemon.

    @ivar lines: What it said, on whichever stream, without what twistd says at
        each start.
    """

    status: int
    lines: Sequence[str]


def tell(output: str) -> list[str]:
    """
    Leave out what twistd says at each start, and the times.
    """
    lines = [_STAMP.sub("", line) for line in output.splitlines()]
    return [line for line in lines if line and not _CHATTER.match(line)]


def writeWeak(
    folder: Path, name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
) -> list[str]:
    """
    Make a certificate of a key that is not good enough.

    @return: The options that name the two.
    """
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    certPath, keyPath = folder / f"{name}_cert.pem", folder / f"{name}_key.pem"
    certPath.write_bytes(certificate.public_bytes(Encoding.PEM))
    keyPath.touch(0o600)
    keyPath.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return ["--cert", str(certPath), "--key", str(keyPath)]


class RefusalCase(DaemonCase):
    """
    Starts that fail.
    """

    def setUp(self) -> None:
        """
        Make a directory for what is temporary.
        """
        self.temporary = tempfile.mkdtemp(prefix="jobworker-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.temporary)
        os.chmod(self.temporary, 0o1777)

    def attempt(
        self,
        daemon: Daemon,
        *more: str,
        arguments: Sequence[str] = (),
    ) -> Attempt:
        """
        Start a daemon that ends by itself.

        @param more: Options that come last, so that they count.

        @param arguments: The whole command line instead.
        """
        done = subprocess.run(
            arguments or daemon.arguments(*more),
            cwd=daemon.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(TMPDIR=self.temporary),
            timeout=PATIENCE,
            check=False,
        )
        return Attempt(done.returncode, tell(done.stdout.decode()))

    def attemptAll(
        self, daemon: Daemon, rows: Sequence[Sequence[str]]
    ) -> list[Attempt]:
        """
        Start daemons, one after the other, each a fork of one process.

        @param rows: What twistd is told.
        """
        done = subprocess.run(
            [sys.executable, "-c", _FORKS],
            cwd=daemon.folder,
            input=json.dumps(rows).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(TMPDIR=self.temporary),
            timeout=PATIENCE,
            check=True,
        )
        parts = done.stdout.decode().split("\0")
        return [
            Attempt(int(status), tell(said))
            for said, status in zip(parts[::2], parts[1::2], strict=False)
        ]

    def assertRefused(self, made: Attempt, words: str) -> None:
        """
        An attempt ended with status 1 and one line that has these words.
        """
        self.assertEqual(made.status, 1, made)
        self.assertEqual(len(made.lines), 1, made)
        self.assertRegex(made.lines[0], f"^jobworker: .*{re.escape(words)}")

    def assertNothingLeft(self, daemon: Daemon, *expected: str) -> None:
        """
        There is no process, no pidfile, and no directory for a socket.

        @param expected: The names of files that may be there.
        """
        until(lambda: not processesOf(str(daemon.state)), "all processes are gone")
        self.assertEqual(sorted(os.listdir(daemon.folder)), sorted(expected))
        self.assertEqual(os.listdir(self.temporary), [])


class FileTests(RefusalCase):
    """
    Files that do not serve.
    """

    def test_rows(self) -> None:
        """
        Each is refused with its reason, and before anything is made.
        """
        daemon = self.makeDaemon()
        papers = Path(self.mktemp()).absolute()
        papers.mkdir()
        rows = self._rows(papers)
        whole = daemon.twistdArguments()
        made = self.attemptAll(daemon, [[*whole, *options] for options, _ in rows])
        for each, (_, words) in zip(made, rows, strict=True):
            self.assertRefused(each, words)
        self.assertNothingLeft(daemon)

    def _rows(self, papers: Path) -> list[tuple[list[str], str]]:
        """
        Say what is wrong in each, and what is said of it.
        """
        certs = credentials() / "certs"
        bad = certs / "bad"
        open_ = papers / "open_key.pem"
        shutil.copy(certs / "server_key.pem", open_)
        open_.chmod(0o644)
        empty = papers / "empty.pem"
        empty.touch()

        def pair(stem: str) -> list[str]:
            return [
                *("--cert", str(bad / f"{stem}_server_cert.pem")),
                *("--key", str(bad / f"{stem}_server_key.pem")),
            ]

        weak = writeWeak(papers, "rsa1024", rsa.generate_private_key(65537, 1024))
        curve = writeWeak(papers, "p521", ec.generate_private_key(ec.SECP521R1()))
        return [
            (["--cert", "/no/such"], "cannot read the server certificate '/no/such'"),
            (["--key", "/no/such"], "cannot read the private key '/no/such'"),
            (["--ca", "/no/such"], "cannot read the client CA file '/no/such'"),
            (["--tokenkey", "/no/such"], "cannot read the token key '/no/such'"),
            (["--tokenkey", str(papers)], f"'{papers}': Is a directory"),
            (["--cert", str(empty)], "is not a certificate in PEM"),
            (["--key", str(bad / "other_server_key.pem")], "does not belong to the"),
            (["--key", str(open_)], f"(mode 0644): chmod 600 {open_}"),
            (["--tokenkey", str(certs / "token_key.pem")], "is a private key"),
            (["--ca", str(certs / "alice_cert.pem")], "is not a CA certificate"),
            (pair("expired"), "has expired on"),
            (pair("notyet"), "is not valid before"),
            (pair("purpose"), "is not made for servers"),
            (weak, "an RSA key of 1024 bits"),
            (curve, "a key on the curve secp521r1"),
        ]

    def test_unreadable(self) -> None:
        """
        A key that we may not read is refused.
        """
        daemon = self.makeDaemon()
        key = Path(self.mktemp()).absolute()
        key.touch(0o000)
        arguments = daemon.arguments("--key", str(key))
        if os.getuid() == 0:
            # Root who obeys the modes of files.
            os.chown(key, NOBODY, NOBODY)
            caps = "--bounding-set=-dac_override,-dac_read_search"
            arguments = ["setpriv", caps, *arguments]
        made = self.attempt(daemon, arguments=arguments)
        self.assertRefused(made, f"cannot read the private key '{key}': Permission")
        self.assertNothingLeft(daemon)


class OptionTests(RefusalCase):
    """
    Command lines that do not serve.
    """

    def test_rows(self) -> None:
        """
        Each is refused with its reason, and before anything is made.
        """
        daemon = self.makeDaemon()
        whole = daemon.twistdArguments()
        bare = whole[: whole.index("jobworker") + 1]
        rows: list[tuple[list[str], str]] = [
            (bare, "--cert is missing (see twistd jobworker --help)"),
            ([*whole, "--what"], "option --what not recognized"),
            ([*whole, "what"], "'what' is not an option"),
            ([*whole, "--port"], "option --port requires argument"),
            ([*whole, "--port", "65536"], "--port: '65536' is not a number from 0 to"),
            ([*whole, "--port", "http"], "--port: 'http' is not a number"),
            ([*whole, "--on-shutdown", "go"], "--on-shutdown: 'go' is not one of"),
            ([*whole, "--gateway-user", "no-one"], "there is no user 'no-one'"),
        ]
        made = self.attemptAll(daemon, [arguments for arguments, _ in rows])
        for each, (_, words) in zip(made, rows, strict=True):
            self.assertRefused(each, words)
        self.assertNothingLeft(daemon)


class PlaceTests(RefusalCase):
    """
    Addresses that cannot be listened on.
    """

    def occupy(self, daemon: Daemon) -> None:
        """
        Have somebody else listen on the port.
        """
        other = socket.create_server(("127.0.0.1", daemon.port))
        self.addCleanup(other.close)

    def test_taken(self) -> None:
        """
        A port that somebody listens on is refused.
        """
        daemon = self.makeDaemon()
        self.occupy(daemon)
        made = self.attempt(daemon)
        self.assertEqual(made.status, 1)
        self.assertEqual(
            made.lines,
            [
                f"jobworker: cannot listen on 127.0.0.1 port {daemon.port}: "
                "Address already in use"
            ],
        )
        self.assertNothingLeft(daemon, "state")

    def test_takenInBackground(self) -> None:
        """
        In the background, too, the command says so and ends with status 1.
        """
        daemon = self.makeDaemon()
        self.occupy(daemon)
        made = self.attempt(daemon, arguments=daemon.backgroundArguments())
        self.assertEqual(made.status, 1)
        self.assertIn(f"port {daemon.port}: Address already in use", made.lines[0])
        self.assertNothingLeft(daemon, "state", "twistd.log")
        self.assertNotIn("Traceback", (daemon.folder / "twistd.log").read_text())

    def test_foreign(self) -> None:
        """
        An address that is not ours is refused, and a name that is none.
        """
        daemon = self.makeDaemon()
        for address, words in (
            ("192.0.2.1", f"cannot listen on 192.0.2.1 port {daemon.port}: Cannot"),
            ("no.such.invalid", "cannot listen on no.such.invalid"),
        ):
            made = self.attempt(daemon, "--interface", address)
            self.assertRefused(made, words)
        self.assertNothingLeft(daemon, "state")

    def test_twice(self) -> None:
        """
        A second daemon like the first is refused, and the first goes on.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        self.assertRefused(self.attempt(daemon), "Address already in use")
        daemon.run("true")


class StateTests(RefusalCase):
    """
    State directories that do not serve.
    """

    def test_foreign(self) -> None:
        """
        The directory of another user is refused.
        """
        user, owner = os.getuid(), 0
        daemon = self.makeDaemon()
        foreign, there = Path("/usr"), []
        if user == 0:
            owner, foreign, there = NOBODY, daemon.state, ["state"]
            foreign.mkdir(0o700)
            os.chown(foreign, owner, owner)
        before = os.listdir(foreign)
        self.assertRefused(
            self.attempt(daemon, "--state-dir", str(foreign)),
            f"belongs to user {owner}, and this is user {user}",
        )
        self.assertNothingLeft(daemon, *there)
        self.assertEqual(os.listdir(foreign), before)

    def test_readable(self) -> None:
        """
        A directory that others may read is refused.
        """
        daemon = self.makeDaemon()
        daemon.state.mkdir()
        daemon.state.chmod(0o755)
        self.assertRefused(self.attempt(daemon), f"chmod 700 {daemon.state}")
        self.assertNothingLeft(daemon, "state")
        self.assertEqual(os.listdir(daemon.state), [])

    def test_noDirectory(self) -> None:
        """
        A file in its place is refused.
        """
        daemon = self.makeDaemon()
        daemon.state.touch()
        self.assertRefused(self.attempt(daemon), f"{daemon.state}: File exists")
        self.assertNothingLeft(daemon, "state")

    def test_impossible(self) -> None:
        """
        A directory that cannot be made is refused.
        """
        daemon = self.makeDaemon()
        made = self.attempt(daemon, "--state-dir", "/proc/jobworker")
        self.assertRefused(made, "cannot use the state directory /proc/jobworker")
        self.assertNothingLeft(daemon)

    def test_readOnly(self) -> None:
        """
        A directory on a file system that cannot be written is refused.
        """
        own = ["unshare", "--mount"]
        if os.getuid() != 0 or subprocess.run([*own, "true"], check=False).returncode:
            self.skipTest("file systems cannot be mounted here")
        daemon = self.makeDaemon()
        daemon.state.mkdir(0o700)
        mount = 'mount -t tmpfs -o ro,mode=700 none "$0" && exec "$@"'
        shell = [*own, "sh", "-c", mount, str(daemon.state), *daemon.arguments()]
        made = self.attempt(daemon, arguments=shell)
        self.assertRefused(made, f"{daemon.state}/jobs: Read-only file system")
        self.assertNothingLeft(daemon, "state")

    def test_locked(self) -> None:
        """
        A directory that something else holds the lock of is refused.
        """
        daemon = self.makeDaemon()
        daemon.state.mkdir(0o700)
        with open(daemon.state / "lock", "wb") as lock:
            (daemon.state / "lock").chmod(0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertRefused(self.attempt(daemon), "is locked by another program")
        self.assertNothingLeft(daemon, "state")

    def test_noSupervisor(self) -> None:
        """
        Where none may be started, one that is missing is a reason to end.
        """
        daemon = self.makeDaemon()
        self.assertRefused(
            self.attempt(daemon, "--supervisor", "never"),
            f"twistd jobworker-supervisor --state-dir {daemon.state}",
        )
        self.assertNothingLeft(daemon)

    def test_secondSupervisor(self) -> None:
        """
        A supervisor in the background says, too, that there is one already.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        files = ("--pidfile", "second.pid", "--logfile", "second.log")
        made = self.attempt(
            daemon,
            arguments=[
                *(sys.executable, "-c", TWISTD, *files),
                *("jobworker-supervisor", "--state-dir", str(daemon.state)),
            ],
        )
        self.assertEqual(made.status, 1)
        self.assertIn(f"{daemon.state} is locked by another", made.lines[0])
        self.assertFalse((daemon.folder / "second.pid").exists())
        daemon.run("true")
