"""
What terminals show, for the documentation: C{python -m tests.screens} types on real
ones, and writes docs/screens/ again.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pexpect
import pyte
from attrs import frozen

from tests.daemons import PATIENCE, ROOT, Daemon, credentials
from tests.examples import exchange, fits, writePrograms
from tests.terminals import openTerminal

FOLDER: Final = ROOT / "docs/screens"

_LINES: Final = 40


@frozen
class Shot:
    """
    A screen to be shown.

    @ivar columns: How wide it is.
    @ivar typed: What is typed, one line after the other.
    @ivar until: What is seen when it is as it should be; nothing: the prompt.
    @ivar keys: What is pressed after the first line, each when something is seen.
    """

    columns: int
    typed: tuple[str, ...]
    until: str = ""
    keys: tuple[tuple[str, str], ...] = ()


#: What Ctrl-C sends.
_INTERRUPT: Final = "\x03"

#: What jobs do that are interrupted: one tidies up, one does not care.
_LOOP: Final = "while :; do sleep 0.1; done"
_TIDY: Final = f"""'trap "echo tidied; exit 3" INT; echo up; {_LOOP}'"""
_DEAF: Final = f"""'trap "echo not now" INT; echo up; {_LOOP}'"""
_WEB: Final = """'echo ready; echo "no index" >&2; exit 7'"""

SHOTS: Final[Mapping[str, Shot]] = {
    "ps": Shot(80, ("jobworker ps", "jobworker ps --all --owner alice --limit 2")),
    "wide": Shot(110, ("jobworker ps --all",)),
    "watch": Shot(80, ("jobworker ps --watch",), "Ctrl-C ends this"),
    "query": Shot(80, ("jobworker query --job nightly",)),
    "doctor": Shot(100, ("jobworker doctor",)),
    "wrong": Shot(80, ("jobworker --token nowhere.jwt ps", "echo $?")),
    "run": Shot(80, (f"jobworker run --name web -- sh -c {_WEB}", "echo $?")),
    "once": Shot(
        110,
        (f"jobworker run --name tidy -- sh -c {_TIDY}", "echo $?"),
        keys=(("\nup\n", _INTERRUPT),),
    ),
    "twice": Shot(
        110,
        (f"jobworker run --name deaf -- sh -c {_DEAF}", "echo $?"),
        keys=(
            ("\nup\n", _INTERRUPT),
            ("not now\n", _INTERRUPT),
            ("go on?", "d\r"),
        ),
    ),
    "logs": Shot(
        80,
        ("jobworker logs --timestamps web", "jobworker logs -n 1 web tidy deaf"),
    ),
}


class Terminal:
    """
    A terminal with a shell in it.
    """

    def __init__(
        self, columns: int, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._prompts = 0
        self._screen = pyte.Screen(columns, _LINES)
        self._stream = pyte.Stream(self._screen)
        self._shell = openTerminal(
            "sh",
            env={**environment, "TERM": "xterm", "PS1": "$ "},
            cwd=str(folder),
            dimensions=(_LINES, columns),
        )

    def shows(self) -> str:
        """
        Look at it.
        """
        try:
            while True:
                self._stream.feed(self._shell.read_nonblocking(65536, 0.02))
        except pexpect.TIMEOUT:
            lines = [line.rstrip() for line in self._screen.display]
            return "\n".join(lines).rstrip()

    def waitFor(self, fact: Callable[[str], bool], what: str) -> None:
        """
        Read until it shows something.
        """
        while not fact(f"{self.shows()}\n"):
            try:
                self._stream.feed(self._shell.read_nonblocking(65536, PATIENCE))
            except pexpect.TIMEOUT:
                raise AssertionError(f"{what} is not shown:\n{self.shows()}") from None

    def take(self, shot: Shot) -> str:
        """
        Type, and take what is seen then.
        """
        keys = list(shot.keys)
        for line in shot.typed:
            self._waitForPrompt()
            self._shell.sendline(line)
            self._prompts += 1
            while keys:
                self.press(*keys.pop(0))
        if shot.until:
            self.waitFor(lambda shown: shot.until in shown, shot.until)
        else:
            self._waitForPrompt()
        seen = self.shows().removesuffix("\n$")
        self._shell.close(force=True)
        return f"{seen}\n"

    def press(self, seen: str, key: str) -> None:
        """
        Press a key when something is seen.
        """
        self.waitFor(lambda shown: seen in shown, seen)
        self._shell.send(key)

    def _waitForPrompt(self) -> None:
        """
        Wait until the shell waits for one more line.
        """
        self.waitFor(
            lambda shown: len(re.findall(r"(?m)^\$", shown)) > self._prompts,
            "another prompt",
        )


def screens(daemon: Daemon) -> Iterator[tuple[str, str]]:
    """
    Take all of them.

    @param daemon: A daemon that runs and has no jobs; there will be some.

    @return: Their names, and what they show.
    """
    nightly = ("--name", "nightly", "--label", "team=web", "--timeout", "3600")
    daemon.call("run", "--", "sh", "-c", "exit 3")
    daemon.call("start", *nightly, "--cmd", "sleep", "--", "600")
    # A second, which a job has otherwise, may be too short where there is other work.
    stopped = daemon.call("stop", "-t", "60", "--job", daemon.run("sleep", "1000"))
    assert stopped.returncode == 0, stopped.stderr
    daemon.run("sh", "-c", "while sleep 1; do date; done")
    for file in ("server_ca.pem", "alice_cert.pem", "alice_key.pem"):
        shutil.copy(credentials() / "certs" / file, daemon.folder)
    shutil.copy(credentials() / "alice.jwt", daemon.folder)
    (daemon.folder / "alice.jwt").chmod(0o600)
    variables = {
        name: os.path.basename(value) if name.startswith("JOBWORKER_") else value
        for name, value in daemon.caller().items()
    }
    variables["PATH"] = writePrograms(daemon.folder)
    variables["XDG_CONFIG_HOME"] = str(daemon.folder / "config")
    for name, shot in SHOTS.items():
        seen = Terminal(shot.columns, daemon.folder, variables).take(shot)
        seen = exchange(seen, str(daemon.port), "7777")
        yield name, seen.replace(variables["XDG_CONFIG_HOME"], "/home/alice/.config")


def main() -> None:
    """
    Write those that have changed.
    """
    daemon = Daemon(
        Path(tempfile.mkdtemp(prefix="jobworker-screens-", dir="/tmp")),
        ("--on-shutdown", "stop"),
    )
    daemon.start()
    try:
        for name, seen in screens(daemon):
            file = FOLDER / f"{name}.txt"
            if not file.exists() or not fits(file.read_text("utf-8"), seen):
                file.write_text(seen)
    finally:
        daemon.stop()
        shutil.rmtree(daemon.folder)


if __name__ == "__main__":
    main()
