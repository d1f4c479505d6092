"""
What the documentation tells people to type works, and answers what stands there.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from jobworker import supervisortap, tap
from jobworker.client import Client, Filter, Forbidden, Specification, State
from jobworker.daemon.options import StrictOptions
from tests.daemons import (
    PATIENCE,
    ROOT,
    DaemonCase,
    credentials,
    endProcesses,
    environment,
    freePort,
    until,
)
from tests.examples import Typist, blocks, examples, fits, writePrograms
from tests.programs import need
from tests.screens import FOLDER, screens

#: The page that makes a daemon of its own; all others call one that runs.
_TUTORIAL = ROOT / "docs/tutorial.rst"

#: Jobs that pages speak of, and what these have written.
_SAID = {"web": "loading\nlistening on 8080\nGET /\n", "db": "ready\n"}

#: Where units are installed.
_UNITS = "etc/systemd/system"

#: Programs that tests may not or cannot run, and what is run instead.
_PROGRAMS = {
    "useradd": "/bin/true",
    "systemctl": f"""/bin/sh
for word; do
    case $word in *.service) test -f {_UNITS}/$word || exit 5 ;; esac
done""",
    "grpc_health_probe": f"{sys.executable}\n"
    "from tests.healthprobe import main\nmain()",
}


class BeginningTests(SynchronousTestCase):
    """
    Pages that begin with nothing: certificates and a daemon are made there.
    """

    def setUp(self) -> None:
        """
        Make an empty directory.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-docs-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.state = self.folder / "state"
        self.addCleanup(self.end)

    def end(self) -> None:
        """
        End the daemon that the commands have started, and its jobs.
        """
        endProcesses(str(self.state))

    def typePage(self, page: Path) -> None:
        """
        Type what stands on a page.
        """
        typed = examples(page.read_text("utf-8"))
        self.assertTrue(typed)
        config = str(self.folder / "config")
        variables = environment(HOME=str(self.folder), XDG_CONFIG_HOME=config)
        exchanged = {
            "7777": str(freePort()),
            "/tmp/jobworker-state": str(self.state),
        }
        wrong = Typist(self.folder, variables, exchanged).type(typed)
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_readme(self) -> None:
        """
        The quick start works in a checkout, and what is said of certificates and
        tokens.
        """
        shutil.copytree(
            ROOT / "certs",
            self.folder / "certs",
            ignore=shutil.ignore_patterns("local"),
        )
        self.typePage(ROOT / "README.rst")
        self.typePage(ROOT / "certs/README.rst")

    def test_tutorial(self) -> None:
        """
        The tutorial works in an empty directory.
        """
        self.typePage(_TUTORIAL)


class RunningTests(DaemonCase):
    """
    Pages that call a daemon that runs, which is one for all of them.
    """

    def setUp(self) -> None:
        """
        Start a daemon, and make a directory with what its callers have.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-docs-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.audit = self.folder / "audit.log"
        audit = ("--audit-log", str(self.audit))
        self.daemon = self.startDaemon("--on-shutdown", "stop", *audit)
        shutil.copytree(credentials() / "certs", self.folder / "certs")
        shutil.copy(credentials() / "alice.jwt", self.folder)
        for name in ("alice_cert.pem", "alice_key.pem", "server_ca.pem"):
            shutil.copy(self.folder / "certs" / name, self.folder)
        for name in ("cert.pem", "key.pem"):
            own = self.folder / "certs" / f"bob_{name}"
            shutil.copy(own, self.folder / f"probe_{name}")

    def test_pages(self) -> None:
        """
        Terminals show what the documentation shows, and what it tells people to
        type and to run answers what stands there.
        """
        need("jq", "openssl")
        wrong = [*self.screens(), *self.python()]
        self.makeJobs()
        wrong += self.pages()
        self.assertEqual(wrong, [], "\n".join(wrong))
        self.assertUnits()

    def screens(self) -> Iterator[str]:
        """
        Look at terminals.
        """
        for name, seen in screens(self.daemon):
            if not fits((FOLDER / f"{name}.txt").read_text("utf-8"), seen):
                yield f"{name}.txt is not\n{seen}"

    def python(self) -> Iterator[str]:
        """
        Run the examples for the clients of Python.
        """
        texts = [
            (ROOT / p).read_text("utf-8") for p in ("README.rst", "docs/client.rst")
        ]
        found = [block for text in texts for _, block in blocks(text, "python")]
        self.assertGreater(len(found), 3)
        for block in found:
            done = subprocess.run(
                [sys.executable, "-c", block.replace("7777", str(self.daemon.port))],
                cwd=self.folder,
                env=self.daemon.caller(),
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
            right = "b'out\\n'" in done.stdout and not done.stderr
            if done.returncode or not right:
                yield f"{block}\nsays\n{done.stdout}{done.stderr}"

    def makeJobs(self) -> None:
        """
        Leave the jobs that pages speak of, and let somebody be refused.
        """
        with Client.fromContext(environment=self.daemon.caller()) as client:
            for running in client.jobs(Filter([State.RUNNING])):
                client.job(running.identifier).stop(force=True)
            for name, said in _SAID.items():
                job = client.start(["printf", said], Specification(name=name))
                job.wait(PATIENCE)
        with Client.fromContext(environment=self.daemon.caller("bob")) as client:
            self.assertRaises(Forbidden, client.job(job.identifier).stop)
        # Nobody who is refused waits until that is written down.
        until(lambda: '"refused"' in self.audit.read_text(), "it is written down")

    def pages(self) -> Iterator[str]:
        """
        Type what stands on the pages.
        """
        programs = Path(writePrograms(self.folder).partition(":")[0])
        for name, program in _PROGRAMS.items():
            (programs / name).write_text(f"#!{program}\n")
            (programs / name).chmod(0o755)
        (self.folder / "systemd").symlink_to(ROOT / "systemd")
        (self.folder / _UNITS).mkdir(parents=True)
        typist = Typist(self.folder, self.variables(), self.exchanged())
        for page in sorted({*ROOT.glob("docs/**/*.rst")} - {_TUTORIAL}):
            typed = examples(page.read_text("utf-8"))
            yield from (f"{page.name}, {said}" for said in typist.type(typed))

    def variables(self) -> dict[str, str]:
        """
        Make the environment of a shell: that of a caller who has no context.
        """
        config = str(self.folder / "config")
        own = {"HOME": str(self.folder), "XDG_CONFIG_HOME": config}
        return {**self.daemon.caller(), **own}

    def exchanged(self) -> dict[str, str]:
        """
        Say what is typed instead, so that it can be done here.
        """
        return {
            "7777": str(self.daemon.port),
            "jobs.example": "127.0.0.1",
            "-o jobworker -g jobworker": f"-o {os.getuid()} -g {os.getgid()}",
            **{path: f"{self.folder}{path}" for path in ("/etc/", "/root/", "/var/")},
        }

    def assertUnits(self) -> None:
        """
        What the units start finds what was installed: all of it is for them.
        """
        makers: dict[str, tuple[str, StrictOptions]] = {
            "jobworker": ("jobworker", tap.Options()),
            "jobworker-supervisor": (
                "jobworker.supervisortap",
                supervisortap.Options(),
            ),
        }
        named: set[str] = set()
        for unit, (program, options) in makers.items():
            text = (self.folder / _UNITS / f"{unit}.service").read_text("utf-8")
            (command,) = re.findall(r"ExecStart=((?:.*\\\n)*.*)", text)
            words = shlex.split(command.replace("\\\n", ""))
            words = words[words.index(program) + 1 :]
            options.parseOptions(words)
            named.update(word for word in words if word.startswith("/etc/"))
        installed = (self.folder / "etc/jobworker").iterdir()
        self.assertEqual(named, {f"/etc/jobworker/{each.name}" for each in installed})
        key = self.folder / "etc/jobworker/server_key.pem"
        self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
