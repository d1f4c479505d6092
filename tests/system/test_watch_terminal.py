"""
A table of jobs that shows what happens to them, on a terminal.
"""

from __future__ import annotations

import sys

import pexpect
import pyte
from attrs import define, field

from jobworker.api import worker_pb2 as pb
from tests.callers import calling
from tests.daemons import COMMAND, Daemon, DaemonCase, until
from tests.terminals import openTerminal

_SHELL = f"{sys.executable} {COMMAND[1]} '{COMMAND[2]}'"


@define(eq=False)
class Terminal:
    """
    A terminal with a shell in it, and what is seen on it.

    @ivar shown: All that was written to it.
    """

    shell: pexpect.spawn
    screen: pyte.Screen
    shown: str = field(default="", init=False)
    stream: pyte.Stream = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.stream = pyte.Stream(self.screen)

    @classmethod
    def open(cls, daemon: Daemon, columns: int, lines: int = 12) -> Terminal:
        """
        Make one for somebody who calls a daemon.
        """
        shell = openTerminal(
            "sh",
            env={**daemon.caller(), "TERM": "xterm", "PS1": "what now> "},
            cwd=str(daemon.folder),
            dimensions=(lines, columns),
        )
        return cls(shell, pyte.Screen(columns, lines))

    def rows(self) -> list[str]:
        """
        Look at it.
        """
        try:
            while True:
                written = self.shell.read_nonblocking(65536, 0.05)
                self.shown += written
                self.stream.feed(written)
        except pexpect.TIMEOUT:
            return [row.rstrip() for row in self.screen.display]

    def until(self, text: str, there: bool = True) -> list[str]:
        """
        Wait until something is seen, or not any more.

        @return: All that is seen then.
        """
        until(
            lambda: any(text in row for row in self.rows()) is there,
            f"{text!r} is seen: {there}; but this is: {self.screen.display}",
        )
        return self.rows()

    def resize(self, columns: int, lines: int) -> None:
        """
        Give it another size.
        """
        self.screen.resize(lines, columns)
        self.shell.setwinsize(lines, columns)


class LiveTests(DaemonCase):
    """
    One daemon, and somebody who watches its jobs.
    """

    def setUp(self) -> None:
        """
        Start the daemon.
        """
        self.daemon = self.startDaemon("--on-shutdown", "stop")

    def open(self, columns: int, lines: int = 12) -> Terminal:
        """
        Have a terminal.
        """
        terminal = Terminal.open(self.daemon, columns, lines)
        self.addCleanup(terminal.shell.close, force=True)
        return terminal

    def test_live(self) -> None:
        """
        Jobs come and go in the table, at any width, through a resize and the
        death of the gateway; afterwards the terminal is as it was.
        """
        long = "x" * 300
        first = self.daemon.run("sh", "-c", "sleep 600", long)
        for columns in (80, 200):
            terminal = self.open(columns)
            terminal.shell.sendline("echo before")
            terminal.until("before")
            self.watches(terminal, columns, first)
        terminal.resize(60, 5)
        rows = terminal.until("5 jobs, 2 more than fit")
        self.assertEqual(len([row for row in rows if " ago " in row]), 3)
        terminal.resize(100, 12)
        self.fits(terminal, 100, "Ctrl-C ends this")
        self.suspends(terminal)
        self.daemon.kill()
        terminal.until("not connected")
        self.daemon.start()
        self.stop(first)
        terminal.until(first[:8], there=False)
        terminal.until("Ctrl-C ends this")
        self.leaves(terminal)

    def watches(self, terminal: Terminal, columns: int, first: str) -> None:
        """
        See a job come and go.
        """
        terminal.shell.sendline(f"{_SHELL} ps --watch; echo left $?")
        self.fits(terminal, columns, first[:8])
        with calling(self.daemon) as caller:
            others = [caller.start("sleep", "600").id for _ in range(4)]
        rows = terminal.until("5 jobs; Ctrl-C ends this")
        self.assertEqual(
            [row.split()[0] for row in rows if " ago " in row],
            [each[:8] for each in (*others[::-1], first)],
        )
        self.assertNotIn("what now>", "".join(rows))
        if columns == 80:
            self.stop(*others)
            rows = terminal.until("1 job; Ctrl-C ends this")
            self.assertEqual(len([row for row in rows if " ago " in row]), 1)
            self.leaves(terminal)

    def stop(self, *jobs: str) -> None:
        """
        End jobs.
        """
        with calling(self.daemon, alone=True) as caller:
            for each in jobs:
                caller.kill(pb.Job(id=each))

    def fits(self, terminal: Terminal, columns: int, text: str) -> None:
        """
        See that long lines are cut at the edge and nowhere else.
        """
        terminal.until(text)
        cut = terminal.until("…")
        self.assertEqual({len(row) for row in cut if row.endswith("…")}, {columns})
        self.assertTrue(cut[0].startswith("ID "))

    def suspends(self, terminal: Terminal) -> None:
        """
        Go back to the shell by Ctrl-Z, and return.
        """
        terminal.shell.sendcontrol("z")
        terminal.until("what now>")
        self.assertFalse(terminal.screen.cursor.hidden)
        terminal.shell.sendline("fg; echo left $?")
        terminal.until("what now>", there=False)
        terminal.until("Ctrl-C ends this")

    def leaves(self, terminal: Terminal) -> None:
        """
        End it by Ctrl-C.
        """
        terminal.shell.sendintr()
        terminal.until("left 130")
        self.assertFalse(terminal.screen.cursor.hidden)
        for enter, leave in (("?1049h", "?1049l"), ("?25l", "?25h")):
            self.assertEqual(terminal.shown.count(enter), terminal.shown.count(leave))
