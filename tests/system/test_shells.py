"""
The scripts for completion, in the shells that they are for.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pexpect

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.daemons import PATIENCE, environment
from tests.examples import writePrograms

_PROMPT = "what now> "

#: What is typed, and what that is completed to.  No server is asked.
_ROWS = {"que": "query", "query --jo": "query --job", "stop --for": "stop --force"}

#: What a user of zsh has in C{.zshrc}; and lines are shown instead of obeyed.
_ZSH = (
    "autoload -Uz compinit && compinit -u -D",
    'eval "$(jobworker completion zsh)"',
    'accept-line() { print; print -r "[$BUFFER]"; BUFFER=; zle .accept-line }',
    "zle -N accept-line",
)


class ShellTests(SynchronousTestCase):
    """
    Shells that know the command, and nothing of the user's.
    """

    def setUp(self) -> None:
        """
        Make a home with the command on the search path.
        """
        self.home = Path(tempfile.mkdtemp(prefix="jobworker-shell-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, self.home)
        self.variables = environment(
            HOME=str(self.home),
            PATH=writePrograms(self.home),
            TERM="xterm",
            XDG_CONFIG_HOME=str(self.home),
        )

    def need(self, shell: str) -> None:
        """
        Skip the test where a shell is missing.
        """
        if shutil.which(shell) is None:
            raise SkipTest(f"{shell} is missing: sudo apt-get install {shell}")

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
        self.need("bash")
        said = self.type(
            *("bash", "--noprofile", "--norc", "-c"),
            'eval "$(jobworker completion bash)" && complete -p jobworker',
        )
        self.assertIn("-o nosort -F _jobworker_completion jobworker", said)

    def test_fish(self) -> None:
        """
        Fish completes commands and flags.
        """
        self.need("fish")
        script = "jobworker completion fish | source"
        for typed in _ROWS:
            script += f"; complete --do-complete 'jobworker {typed}'"
        offered = self.type("fish", "--no-config", "--command", script).splitlines()
        words = [whole.split()[-1] for whole in _ROWS.values()]
        self.assertEqual([line.split("\t")[0] for line in offered], words)

    def test_zsh(self) -> None:
        """
        Zsh completes commands and flags.
        """
        self.need("zsh")
        zsh = pexpect.spawn(
            "zsh",
            ["-f", "-i"],
            cwd=str(self.home),
            env={**self.variables, "PS1": _PROMPT},
            encoding="utf-8",
            timeout=PATIENCE,
            dimensions=(24, 200),
        )
        self.addCleanup(zsh.close, force=True)
        for line in _ZSH:
            zsh.expect_exact(_PROMPT)
            zsh.sendline(line)
        for typed, whole in _ROWS.items():
            zsh.expect_exact(_PROMPT)
            zsh.sendline(f"jobworker {typed}\t")
            zsh.expect_exact(f"[jobworker {whole} ]")
