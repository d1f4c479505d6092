"""
What is built of this project is whole, and works where it is installed.
"""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from shutil import rmtree

from jobworker import __version__
from tests.daemons import PATIENCE, ROOT, TWISTD, DaemonCase
from tests.wheels import bareEnvironment, build, copySource, install, unpack


class DistributionTests(DaemonCase):
    """
    A wheel has what the service needs, and an archive of sources what
    developers need.
    """

    def setUp(self) -> None:
        """
        Make a copy of the sources, and a directory for what is built.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="jobworker-wheel-", dir="/tmp"))
        self.addCleanup(rmtree, self.folder)
        self.source = self.folder / "source"
        copySource(self.source)

    def say(self, programs: Path, *command: str) -> str:
        """
        Run a program that was installed.

        @return: What it printed.
        """
        done = subprocess.run(
            [programs / command[0], *command[1:]],
            cwd=self.folder,
            env=bareEnvironment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout.decode())
        return done.stdout.decode()

    def test_distribution(self) -> None:
        """
        The archive of sources has what there is to develop with, and no key.  A
        wheel that is made of it has our packages whole, and nothing besides;
        installed somewhere else, its commands work and a job runs.
        """
        archive = self.sources()
        unpacked = unpack(archive, self.folder / "unpacked")
        wheel = build(unpacked, self.folder / "dist", "wheel")
        self.assertPackages(wheel)
        programs = install(wheel, self.folder / "installed")
        self.assertWorks(programs)

    def sources(self) -> Path:
        """
        Make the archive of sources, and look into it.
        """
        files = [*self.source.glob("*/**/*"), *self.source.glob("*.rst")]
        expected = {"Makefile", "LICENSE", "setup.cfg", "pyproject.toml"}.union(
            str(path.relative_to(self.source)) for path in files if path.is_file()
        )
        self.assertIn("proto/jobworker/api/worker.proto", expected)
        for secret in ("certs/local/server_key.pem", "alice.jwt", "docs/key.pem"):
            path = self.source / secret
            path.parent.mkdir(exist_ok=True)
            path.touch()
        archive = build(self.source, self.folder / "dist", "sdist")
        with tarfile.open(archive) as packed:
            names = {name.partition("/")[2] for name in packed.getnames()}
        self.assertEqual(expected - names, set())
        secrets = [name for name in names if name.endswith((".pem", ".jwt"))]
        self.assertEqual(secrets, [])
        return archive

    def assertPackages(self, wheel: Path) -> None:
        """
        Look into a wheel.
        """
        with zipfile.ZipFile(wheel) as packed:
            names = {name for name in packed.namelist() if ".dist-info/" not in name}
        package = {
            str(path.relative_to(ROOT))
            for path in (ROOT / "jobworker").rglob("*")
            if path.suffix in (".py", ".pyi", ".sql", ".typed")
        }
        self.assertEqual(names, {*package, "twisted/plugins/jobworker_plugin.py"})
        self.assertIn("jobworker/py.typed", names)
        self.assertIn("jobworker/store/schema/0001.sql", names)

    def assertWorks(self, programs: Path) -> None:
        """
        Use what was installed.
        """
        where = "import jobworker; print(jobworker.__file__)"
        self.assertIn(str(self.folder), self.say(programs, "python", "-c", where))
        for name in ("jobworker", "worker_cli"):
            self.assertIn("stream", self.say(programs, name, "--help"))
        self.assertIn(__version__, self.say(programs, "jobworker", "--version"))
        listed = self.say(programs, "python", "-c", TWISTD, "--help")
        self.assertRegex(listed, r"\n    jobworker +Run Linux processes")

        daemon = self.makeDaemon("--on-shutdown", "stop")
        daemon.python = str(programs / "python")
        daemon.start(PYTHONPATH="")
        job = daemon.run("echo", "hello")
        self.assertEqual(daemon.call("stream", "--job", job).stdout, b"hello\n")
        self.assertEqual(daemon.stop(), 0)
