"""
What is built of this project is whole, and works where it is installed.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree

from jobworker import __version__
from tests.daemons import PATIENCE, ROOT, TWISTD, DaemonCase
from tests.programs import lack
from tests.wheels import bareEnvironment, build, copySource, install, unpack

#: What type checkers find in the last lines of what a user has written.
_WRONG = """

def wrong(client: Client, other: AsyncClient, third: TwistedClient) -> None:
    client.start(7)  # wrong: arg-type
    name: str = client.query("id").exitCode  # wrong: assignment
    other.info().version  # wrong: attr-defined
    third.info().version  # wrong: attr-defined
"""


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

    def say(
        self,
        programs: Path,
        *command: str,
        status: int = 0,
        patience: float = PATIENCE,
    ) -> str:
        """
        Run a program that was installed.

        @param status: What it ends with.

        @param patience: Seconds after which it hangs.

        @return: What it printed.
        """
        done = subprocess.run(
            [programs / command[0], *command[1:]],
            cwd=self.folder,
            env=bareEnvironment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=patience,
            check=False,
        )
        self.assertEqual(done.returncode, status, done.stdout.decode())
        return done.stdout.decode()

    def test_distribution(self) -> None:
        """
        The archive of sources has what there is to develop with, and no key.  A
        wheel that is made of it has our packages whole, and nothing besides;
        installed somewhere else, its commands work, a job runs, and the types of
        its clients are known.
        """
        archive = self.sources()
        unpacked = unpack(archive, self.folder / "unpacked")
        wheel = build(unpacked, self.folder / "dist", "wheel")
        self.assertPackages(wheel)
        programs = install(wheel, self.folder / "installed")
        self.assertWorks(programs)
        self.assertTyped(programs)

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

    def assertTyped(self, programs: Path) -> None:
        """
        Check what a user has written, who is wrong about one result of each
        client, and who is told that and nothing else.
        """
        if find_spec("mypy") is None:
            lack("mypy is missing, all but the types was tried")
        text = (ROOT / "tests/typed.py").read_text("utf-8") + _WRONG
        (self.folder / "typed.py").write_text(text)
        (self.folder / "mypy.ini").write_text("[mypy]\nstrict = true\n")
        # It works for most of a minute where there is other work to be done.
        mypy = ("python", "-m", "mypy", "typed.py")
        said = self.say(programs, *mypy, status=1, patience=5 * PATIENCE)
        wrong = [
            (str(number), line.partition("# wrong: ")[2])
            for number, line in enumerate(text.splitlines(), 1)
            if "# wrong: " in line
        ]
        self.assertEqual(re.findall(r":(\d+): error: .*\[(.+)\]", said), wrong, said)
        self.assertIn(f"Found {len(wrong)} errors in 1 file ", said)
