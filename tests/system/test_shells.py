"""
The scripts for completion, in the shells that they are for.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.daemons import PATIENCE, until
from tests.examples import writePrograms
from tests.programs import need
from tests.sharing import SharingCase
from tests.terminals import openTerminal

_PROMPT = "what now> "

#: What stands behind everything that fish offers for a line.
_END = "---"

#: What is typed, and what that is completed to.  No server is asked.
_ROWS = {"que": "query", "query --jo": "query --job", "stop --for": "stop --force"}

#: What a user of zsh has in C{.zshrc}; and lines are shown instead of obeyed.
_ZSH = (
    "autoload -Uz compinit && compinit -u -D",
    'eval "$(jobworker completion zsh)"',
    'accept-line() { print; print -r "[$BUFFER]"; BUFFER=; zle .accept-line }',
    "zle -N accept-line",
)


class ShellTests(SharingCase):
    """
    Shells that know the command and where a daemon is, and nothing of the user's.
    """

    def setUp(self) -> None:
        """
        Make a home with the command on the search path.
        """
        super().setUp()
        self.home = Path(tempfile.mkdtemp(prefix="jobworker-shell-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.home)
        self.variables = {
            **self.daemon.caller(),
            "HOME": str(self.home),
            "PATH": writePrograms(self.home),
            "TERM": "xterm",
            "XDG_CONFIG_HOME": str(self.home),
        }

    def type(self, *command: str) -> str:
        """
        Run a shell to its end; it has nothing to complain of.
        """
        done = subprocess.run(
            command,
            cwd=self.home,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_bash(self) -> None:
        """
        Bash loads its script; what that does is tried at a terminal.
        """
        need("bash")
        said = self.type(
            *("bash", "--noprofile", "--norc", "-c"),
            'eval "$(jobworker completion bash)" && complete -p jobworker',
        )
        self.assertIn("-o nosort -F _jobworker_completion jobworker", said)

    def assertJobs(self, shell: str, complete: Callable[..., list[str]]) -> None:
        """
        Jobs are completed to their ids and names, where a command is for them.

        @param complete: Says what the shell makes of what is typed.
        """
        running = (
            "run",
            "--detach",
            "--name",
            f"nightly-{shell}",
            "--",
            "sleep",
            "600",
        )
        started = self.daemon.call(*running)
        ended = self.daemon.call("run", "--name", f"hourly-{shell}", "--", "true")
        self.assertEqual((started.returncode, ended.returncode), (0, 0))
        job = started.stdout.decode().strip()
        rows = {
            f"kill {job[:9]}": f"kill {job}",
            f"stop nightly-{shell[0]}": f"stop nightly-{shell}",
            f"query --job hourly-{shell[0]}": f"query --job hourly-{shell}",
            # It has ended.
            f"kill hourly-{shell[0]}": f"kill hourly-{shell[0]}",
        }
        # Nothing is offered while the server does not answer at once.
        until(lambda: complete(*rows) == [*rows.values()], str(rows))

    def test_fish(self) -> None:
        """
        Fish completes commands, flags and jobs.
        """
        need("fish")
        self.assertEqual(self.fish(*_ROWS), [*_ROWS.values()])
        self.assertJobs("fish", self.fish)

    def fish(self, *lines: str) -> list[str]:
        """
        Have fish complete what is typed.

        @return: Each line, with the only word that is offered for its last.
        """
        script = "jobworker completion fish | source"
        for typed in lines:
            script += f"; complete --do-complete 'jobworker {typed}'; echo {_END}"
        said = self.type("fish", "--no-config", "--command", script)
        completed = []
        for typed, offered in zip(lines, said.split(f"{_END}\n"), strict=False):
            before, _, last = typed.rpartition(" ")
            words = [line.split("\t")[0] for line in offered.splitlines()]
            word = words[0] if len(words) == 1 else last
            completed.append(f"{before} {word}".strip())
        return completed

    def test_zsh(self) -> None:
        """
        Zsh completes commands, flags and jobs.
        """
        need("zsh")
        zsh = openTerminal(
            "zsh",
            "-f",
            "-i",
            cwd=str(self.home),
            env={**self.variables, "PS1": _PROMPT},
        )
        self.addCleanup(zsh.close, force=True)
        for line in _ZSH:
            zsh.expect_exact(_PROMPT)
            zsh.sendline(line)

        def complete(*lines: str) -> list[str]:
            """
            Have zsh complete what is typed.
            """
            completed = []
            for typed in lines:
                zsh.expect_exact(_PROMPT)
                zsh.sendline(f"jobworker {typed}\t")
                zsh.expect(r"\[jobworker (.*?) ?\]\r")
                completed.append(str(zsh.match[1]))
            return completed

        self.assertEqual(complete(*_ROWS), [*_ROWS.values()])
        self.assertJobs("zsh", complete)
