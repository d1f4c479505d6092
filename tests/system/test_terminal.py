"""
What only a terminal shows: completion in a real shell, and colours.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pexpect

from jobworker.client import Client, Specification
from tests.daemons import PATIENCE, ROOT, Daemon, DaemonCase, until
from tests.programs import need
from tests.terminals import openTerminal

#: What the script C{jobworker} does.
_SCRIPT = f"""#!{sys.executable}
import sys
from jobworker.cli.main import main
sys.exit(main())
"""

_PROMPT = "what now> "

_GREEN, _CYAN = "\x1b[32m", "\x1b[36m"


class TerminalTests(DaemonCase):
    """
    One daemon with some jobs, and somebody at a terminal.
    """

    def setUp(self) -> None:
        """
        Start the daemon and the jobs.
        """
        self.daemon = self.startDaemon()
        with Client.from_context(environment=self.daemon.caller()) as client:
            self.running = client.start(["sleep", "600"]).identifier
            client.start(["sleep", "600"], Specification(name="nightly"))
            job = client.start(["true"])
            self.ended = job.wait(PATIENCE).identifier

    def shell(self, daemon: Daemon, **changes: str) -> pexpect.spawn:
        """
        Start bash for somebody who has the command and its completion.
        """
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        script = folder / "jobworker"
        script.write_text(_SCRIPT)
        script.chmod(0o700)
        bash = openTerminal(
            "bash",
            "--noprofile",
            "--norc",
            "-i",
            env={
                **daemon.caller(),
                "PATH": f"{folder}:{os.environ['PATH']}",
                "PYTHONPATH": str(ROOT),
                "TERM": "xterm",
                "PS1": _PROMPT,
                "INPUTRC": "/dev/null",
                **changes,
            },
            cwd=str(daemon.folder),
        )
        self.addCleanup(bash.close, force=True)
        bash.expect_exact(_PROMPT)
        bash.sendline("bind 'set enable-bracketed-paste off'")
        bash.expect_exact(_PROMPT)
        bash.sendline('eval "$(jobworker completion bash)"')
        bash.expect_exact(_PROMPT)
        return bash

    def test_terminal(self) -> None:
        """
        Commands, flags and jobs are completed in bash; and states have colours,
        but none with NO_COLOR.
        """
        need("bash")
        bash = self.shell(self.daemon)
        self.complete(bash)
        self.look(bash)

    def complete(self, bash: pexpect.spawn) -> None:
        """
        Have things completed.
        """
        # What bash adds is sent back by the terminal, and a bell if there is a choice.
        rows = [
            ("jobworker que", "query "),
            ("--jo", "b "),
            (self.ended[:9], f"{self.ended[9:]} "),
            ("\x15jobworker kill -s US", "R\a"),
            ("1 nig", "htly "),
            (self.running[:9], f"{self.running[9:]} "),
        ]
        for keys, expected in rows:
            bash.send(keys)
            # Nothing is offered while the server does not answer at once.
            until(partial(self.offers, bash, expected), f"{keys} is completed")
        # The line is not entered, but given up.
        bash.sendline("\x15")
        bash.expect_exact(_PROMPT)
        # A job that has ended is not offered, so that nothing is added.
        bash.send(f"jobworker kill {self.ended[:9]}\t#")
        bash.expect_exact(f"{self.ended[:9]}")
        bash.expect_exact("#")
        self.assertNotIn(self.ended[9:], bash.before)

    def offers(self, bash: pexpect.spawn, expected: str) -> bool:
        """
        Have what was typed completed.

        @return: Whether that was possible; if not, bash has rung the bell.
        """
        # A second Tab would be another wish, if nothing was typed in between.
        bash.send("\x05\t")
        return bool(bash.expect_exact([expected, "\a"]) == 0)

    def look(self, bash: pexpect.spawn) -> None:
        """
        Look at colours.
        """
        bash.sendline("\x15")
        bash.expect_exact(_PROMPT)
        bash.sendline("jobworker ps --all; jobworker doctor; echo code $?.")
        bash.expect_exact(f"{_GREEN}exited 0\x1b[0m")
        bash.expect_exact(f"{_CYAN}running\x1b[0m")
        bash.expect_exact(f"{_GREEN}ok     \x1b[0m  contexts")
        bash.expect_exact("the token is accepted")
        bash.expect_exact("code 0.")
        bash.expect_exact(_PROMPT)
        bash.sendline("NO_COLOR=1 jobworker ps --all")
        bash.expect_exact("COMMAND")
        bash.expect_exact(_PROMPT)
        self.assertIn("exited 0", bash.before)
        self.assertNotIn("\x1b[3", bash.before)
