"""
How much was written, shown while it is.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import pyte

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli.outlets import Outlet
from jobworker.cli.progress import CountedOutlet, Progress, SharedOutlet, inUnits

from .daemons import COMMAND
from .logscripts import LogScript
from .test_cli_logs import OTHER, LogsCase
from .wireserver import ID

_ROOT = Path(__file__).parent.parent


class ProgressTests(SynchronousTestCase):
    """
    One line, on a terminal.
    """

    def setUp(self) -> None:
        """
        Have a file, and a terminal that somebody looks at.
        """
        self.clock = Clock()
        file = os.open(os.devnull, os.O_WRONLY)
        self.seen, terminal = os.pipe()
        for descriptor in (file, self.seen, terminal):
            self.addCleanup(os.close, descriptor)
        self.screen = pyte.Screen(40, 4)
        self.stream = pyte.ByteStream(self.screen)
        self.progress = Progress(Outlet(terminal), self.clock.seconds)
        self.out = CountedOutlet(file, self.progress)
        self.err = SharedOutlet(terminal, self.progress)

    def rows(self) -> list[str]:
        """
        Read what stands on the screen.
        """
        os.set_blocking(self.seen, False)
        with contextlib.suppress(BlockingIOError):
            # A terminal goes to the beginning of a line where there is a newline.
            self.stream.feed(os.read(self.seen, 65536).replace(b"\n", b"\r\n"))
        return [row.rstrip() for row in self.screen.display if row.strip()]

    def test_line(self) -> None:
        """
        It is rewritten, not more often than anybody can read it, tells the rate,
        and goes away.
        """
        self.out.write(b"x" * 1000)
        self.assertEqual(self.rows(), ["1.0 kB"])
        self.clock.advance(0.1)
        self.out.write(b"x" * 1000)
        self.assertEqual(self.rows(), ["1.0 kB"])
        self.clock.advance(0.9)
        self.out.write(b"x" * 1000)
        self.assertEqual(self.rows(), ["3.0 kB, 2.0 kB/s"])
        self.clock.advance(1)
        self.out.write(b"x")
        self.assertEqual(self.rows(), ["3.0 kB, 1.0 kB/s"])
        self.progress.clear()
        self.assertEqual((self.rows(), self.screen.cursor.x), ([], 0))

    def test_rate(self) -> None:
        """
        The rate is that of the last few seconds.
        """
        self.out.write(b"x" * 100_000)
        for _ in range(60):
            self.clock.advance(0.25)
            self.out.write(b"x")
        self.assertEqual(self.rows(), ["100 kB, 4 B/s"])

    def test_others(self) -> None:
        """
        What else is written to the terminal stands there as if there were no such
        line, and half a line of it is not overwritten.
        """
        self.out.write(b"x")
        self.err.write(b"half")
        self.clock.advance(1)
        self.out.write(b"x")
        self.assertEqual(self.rows(), ["half"])
        self.err.write(b"")
        self.err.remark("ours")
        self.clock.advance(1)
        self.out.write(b"x")
        self.assertEqual(self.rows(), ["half", "ours", "3 B, 1 B/s"])

    def test_question(self) -> None:
        """
        A question stands where the line was, and whoever answers ends its line.
        """
        self.out.write(b"x")
        self.err.ask("\nkill? ")
        self.assertEqual(self.rows(), ["kill?"])
        self.stream.feed(b"no\r\n")
        self.err.remark("ours")
        self.clock.advance(1)
        self.out.write(b"x")
        self.assertEqual(self.rows(), ["kill? no", "ours", "2 B, 1 B/s"])

    def test_keys(self) -> None:
        """
        Keys that the terminal shows behind the line go away with it.
        """
        self.out.write(b"x")
        self.rows()
        self.stream.feed(b"^C")
        self.progress.clear()
        self.assertEqual(self.rows(), [])

    def test_gone(self) -> None:
        """
        Where the terminal has gone away what is copied is copied all the same.
        """
        seen, terminal = os.pipe()
        os.close(seen)
        self.addCleanup(os.close, terminal)
        progress = Progress(Outlet(terminal), self.clock.seconds)
        path = Path(self.mktemp())
        with path.open("wb") as file:
            CountedOutlet(file.fileno(), progress).write(b"x")
        progress.clear()
        self.assertEqual(path.read_bytes(), b"x")

    def test_units(self) -> None:
        """
        Numbers have the unit that fits.
        """
        rows = {
            0: "0 B",
            999: "999 B",
            999.7: "1.0 kB",
            1000: "1.0 kB",
            99_940: "99.9 kB",
            99_960: "100 kB",
            999_600: "1.0 MB",
            2_500_000_000: "2.5 GB",
            10**16: "10000 TB",
        }
        for count, text in rows.items():
            self.assertEqual(inUnits(count), text)


def left(seen: bytes) -> list[str]:
    """
    Read what stands on a terminal in the end.
    """
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(seen)
    return [row.rstrip() for row in screen.display if row.strip()]


class TerminalTests(LogsCase):
    """
    The command at a terminal.
    """

    def setUp(self) -> None:
        """
        Start a server with two logs.
        """
        script = LogScript([(1, b"a\n"), (2, b"e\n"), (1, b"b\n")])
        self.serve({ID: script, OTHER: script}, e="web", d="db")

    def serveMethods(self, **methods: Any) -> None:
        """
        Start a server that has jobs started, too.
        """
        methods["StartJob"] = lambda _, __: wire.Job(id=ID)
        methods["GetServerInfo"] = lambda _, __: wire.ServerInfo(version="1")
        super().serveMethods(**methods)

    def see(
        self,
        *arguments: str,
        out: int | IO[bytes] | None = None,
        environment: Mapping[str, str] = {},
        shell: str = 'exec "$@"',
    ) -> bytes:
        """
        Run a command to its end, at a terminal of its own.

        @param out: What it has as standard output; C{None} for the terminal.

        @param shell: How a shell runs it.

        @return: What came to the terminal.
        """
        ours, theirs = os.openpty()
        self.addCleanup(os.close, ours)
        # The first one that a session opens to read from it, too, becomes its own.
        script = f'exec 2<>"$0"; {shell}'
        process = subprocess.Popen(
            ["bash", "-c", script, os.ttyname(theirs), *COMMAND, *arguments],
            cwd=_ROOT,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
            stdin=subprocess.DEVNULL,
            stdout=theirs if out is None else out,
            stderr=theirs,
            start_new_session=True,
        )
        self.addCleanup(process.kill)
        os.close(theirs)
        seen = b""
        # When nobody has the other end it is an error to read.
        with contextlib.suppress(OSError):
            while piece := os.read(ours, 65536):
                seen += piece
        self.assertEqual(process.wait(60), 0, seen)
        return seen

    def seeLogs(self, *arguments: str, **how: Any) -> bytes:
        """
        Run the command that writes logs.
        """
        return self.see("logs", *self.server.flags(), *arguments, **how)

    def follow(self, how: Mapping[str, Any], *more: str) -> Iterator[bytes]:
        """
        Run both of the commands that follow a job.
        """
        for words in (["run", "--stdin=none", *more, "true"], ["stream", *more, ID]):
            yield self.see(words[0], *self.server.flags(), *words[1:], **how)

    def test_shown(self) -> None:
        """
        While output goes to a file the terminal has the line, and in the end
        nothing of it but what the job wrote there.
        """
        path = Path(self.mktemp()).resolve()
        seen = self.seeLogs("-o", str(path), ID)
        self.assertEqual(path.read_bytes(), b"a\ne\nb\n")
        self.assertEqual((seen[:4], left(seen)), (b"\r2 B", []))
        with path.open("wb") as file:
            seen = self.seeLogs(ID, out=file)
        self.assertEqual(path.read_bytes(), b"a\nb\n")
        self.assertEqual((seen[:4], left(seen)), (b"\r2 B", ["e"]))

    def test_notShown(self) -> None:
        """
        The line is not there where output goes elsewhere, nor where the terminal
        cannot show what changes.
        """
        path = str(Path(self.mktemp()).resolve())
        self.assertEqual(self.seeLogs(ID, out=subprocess.DEVNULL), b"e\r\n")
        seen = self.seeLogs("-o", path, ID, environment={"TERM": "dumb"})
        self.assertEqual(seen, b"")

    def test_followed(self) -> None:
        """
        The line is there, too, while a job is followed, and what the job writes to
        its standard error stands there as if there were none.
        """
        path = Path(self.mktemp()).resolve()
        with path.open("wb") as file:
            for seen in self.follow({"out": file}):
                self.assertEqual((seen[:4], left(seen)), (b"\r2 B", ["e"]))
        self.assertEqual(path.read_bytes(), b"a\nb\na\nb\n")

    def test_followedUnseen(self) -> None:
        """
        The line is not there for programs, nor where a pipe is written to, whose
        reader may write to the terminal, nor where the command is in the background
        of a shell.
        """
        path = Path(self.mktemp()).resolve()
        with path.open("wb") as file:
            for seen in self.follow({"out": file}, "--json"):
                self.assertEqual(seen, b"")
            self.assertEqual(self.seeLogs("--json", ID, out=file), b"")
            background = 'set -m; "$@" & wait $!'
            for seen in self.follow({"out": file, "shell": background}):
                self.assertTrue(seen.startswith(b"e\r\n"), seen)
        for seen in self.follow({"shell": '"$@" | cat'}):
            self.assertEqual(sorted(seen.split()), [b"a", b"b", b"e"])

    def test_colours(self) -> None:
        """
        Names of jobs have colours on a terminal, each another, unless the user
        wants none.
        """
        web, db = b"\x1b[36mweb | \x1b[0m", b"\x1b[33mdb  | \x1b[0m"
        lines = [
            lead + text for lead in (web, db) for text in (b"a\r\n", b"e\r\n", b"b\r\n")
        ]
        self.assertEqual(self.seeLogs(ID, OTHER), b"".join(lines))
        plain = self.seeLogs(ID, OTHER, environment={"NO_COLOR": "1"})
        self.assertTrue(plain.startswith(b"web | a\r\nweb | e\r\n"), plain)
        path = Path(self.mktemp()).resolve()
        self.seeLogs("-o", str(path), ID, OTHER, environment={"NO_COLOR": ""})
        self.assertNotIn(b"\x1b", path.read_bytes())
