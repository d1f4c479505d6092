"""
A command that is run as a job, by somebody at a terminal and by programs.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect

from tests.daemons import COMMAND, PATIENCE, DaemonCase, until
from tests.terminals import openTerminal

#: Says what it gets, and goes on.
_STUBBORN = "trap 'echo interrupted' INT; echo here; while :; do sleep 0.1; done"

#: The same, and writes.
_TICKING = _STUBBORN.replace("sleep 0.1", "sleep 0.1; echo tick")


class RunTests(DaemonCase):
    """
    One daemon.
    """

    def setUp(self) -> None:
        """
        Start it.
        """
        self.daemon = self.startDaemon("--on-shutdown", "stop")

    @contextmanager
    def terminal(self, *words: str, flags: str = "") -> Iterator[pexpect.spawn]:
        """
        Run a command at a terminal, and see that this is as before at the end.
        """
        shell = openTerminal(
            "sh",
            env={**self.daemon.caller(), "PS1": "now> ", "TERM": "xterm"},
            cwd=str(self.daemon.folder),
        )
        self.addCleanup(shell.close, force=True)
        shell.expect_exact("now> ")
        python, flag, code = COMMAND
        shell.sendline(f"before=$(stty -g); alias jw='{python} {flag} \"{code}\"'")
        shell.expect_exact("now> ")
        shell.sendline(f"jw run {flags} -- {' '.join(words)}")
        yield shell
        shell.expect_exact("now> ")
        shell.sendline('[ "$before" = "$(stty -g)" ] && echo as be"fore"')
        shell.expect_exact("as before")

    def code(self, shell: pexpect.spawn) -> int:
        """
        Find out how the command ended.
        """
        shell.expect_exact("now> ")
        shell.sendline("echo code=$?.")
        shell.expect(r"code=(\d+)\.")
        return int(shell.match[1])

    def states(self) -> list[str]:
        """
        Say in which states jobs are, the newest first.
        """
        listed = self.daemon.call("ps", "--all", "--json").stdout
        return [json.loads(line)["state"] for line in listed.splitlines()]

    def test_terminal(self) -> None:
        """
        Ctrl-C interrupts the job; a second one offers to kill it, or to leave it.
        """
        with self.terminal("sh", "-c", "'echo here; sleep 600'") as shell:
            shell.expect_exact("here\r\n")
            shell.sendintr()
            self.assertEqual(self.code(shell), 130)
        self.assertEqual(self.states(), ["exited"])
        for answer, code, state in (
            ("k\r", 137, "stopped"),
            ("\x03", 137, "stopped"),
            ("d\r", 130, "running"),
        ):
            with self.terminal("sh", "-c", f'"{_TICKING}"') as shell:
                shell.expect_exact("here\r\n")
                shell.sendintr()
                shell.expect_exact("interrupted\r\n")
                shell.sendintr()
                shell.expect_exact("(d)etach or go on? ")
                shell.send("g\r")
                # Nothing is written while somebody is being asked.
                shell.expect_exact("tick")
                shell.sendintr()
                shell.expect_exact("interrupted\r\n")
                shell.sendintr()
                shell.expect_exact("(d)etach or go on? ")
                shell.send(answer)
                self.assertEqual(self.code(shell), code)
            self.assertEqual(self.states()[0], state)

    def test_half(self) -> None:
        """
        With objects for lines, what there is of a line without an end is written when
        somebody detaches from its job.
        """
        # Both come at once: there is no moment at which one can detach before.
        script = _STUBBORN.replace("echo interrupted", r"printf \"interrupted\nhalf\"")
        with self.terminal("sh", "-c", f'"{script}"', flags="--json") as shell:
            shell.expect_exact('"here"')
            shell.sendintr()
            shell.expect_exact('"interrupted"')
            shell.sendintr()
            shell.expect_exact("(d)etach or go on? ")
            shell.send("d\r")
            shell.expect_exact('"text": "half"}\r\n')
            self.assertEqual(self.code(shell), 130)

    def spawn(self, *words: str) -> subprocess.Popen[bytes]:
        """
        Run a command as a program does.
        """
        process = subprocess.Popen(
            [*COMMAND, "run", *words],
            env=self.daemon.caller(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def first(self, process: subprocess.Popen[bytes]) -> bytes:
        """
        Wait for a line.
        """
        assert process.stdout is not None
        return process.stdout.readline()

    def test_programs(self) -> None:
        """
        SIGTERM ends the job, a second SIGINT kills it where nobody can be asked, and
        a job outlives its gateway in the middle of a line.
        """
        process = self.spawn(
            "sh", "-c", "trap 'exit 9' TERM; echo here; while :; do sleep 0.1; done"
        )
        self.first(process)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), 9)
        process = self.spawn("sh", "-c", _STUBBORN)
        self.first(process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.first(process), b"interrupted\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), 137)
        go = self.daemon.folder / "go"
        script = f"echo here; printf ab; until [ -e {go} ]; do sleep 0.1; done; echo c"
        process = self.spawn("sh", "-c", script)
        self.first(process)
        assert process.stdout is not None
        self.assertEqual(process.stdout.read(2), b"ab")
        self.daemon.kill()
        self.daemon.start()
        go.touch()
        out, err = process.communicate(timeout=PATIENCE)
        self.assertEqual((out, process.returncode), (b"c\n", 0), err)
        until(lambda: self.states()[0] == "exited", "it has ended")

    def test_left(self) -> None:
        """
        A job goes on when the terminal of the command goes away, or the command is
        killed.
        """
        for number in (signal.SIGHUP, signal.SIGKILL):
            process = self.spawn("sh", "-c", _STUBBORN)
            self.first(process)
            process.send_signal(number)
            self.assertEqual(process.wait(PATIENCE), -number)
        self.assertEqual(self.states(), ["running", "running"])

    def test_stdin(self) -> None:
        """
        What is on standard input is the job's.
        """
        done = subprocess.run(
            [*COMMAND, "run", "--name=cat", "cat"],
            env=self.daemon.caller(),
            input=b"a\0\xff",
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual((done.stdout, done.stderr), (b"a\0\xff", b""))
