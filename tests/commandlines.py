"""
The command line, run in this process or in one of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from attrs import frozen

from jobworker.cli import program

_ROOT: Final = Path(__file__).parent.parent

#: What runs the command line in a process of its own.
PROGRAM: Final = (
    "import sys; sys.argv[0] = 'jobworker'; "
    "from jobworker.cli.main import main; sys.exit(main())"
)


@frozen
class Outcome:
    """
    How a command ended, and what it wrote.
    """

    code: int
    out: bytes
    err: str


def run(arguments: Sequence[str], environment: Mapping[str, str] = {}) -> Outcome:
    """
    Run a command in this process.
    """
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        with redirect_stdout(out), redirect_stderr(err):
            code = program.run(arguments, environment)
        written = [_content(file) for file in (out, err)]
    return Outcome(int(code), written[0], written[1].decode(errors="backslashreplace"))


def _content(file: IO[str]) -> bytes:
    """
    Read what was written to a file.
    """
    file.flush()
    size = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, 0)


def spawn(
    arguments: Sequence[str], code: str = PROGRAM, redirection: str = ""
) -> subprocess.Popen[bytes]:
    """
    Run a command in a process of its own, with pipes.

    @param redirection: What a shell is to do to the pipes, as C{">&-"}.
    """
    return subprocess.Popen(
        [
            *("sh", "-c", f'exec "$@" {redirection}', "sh"),
            *(sys.executable, "-c", code),
            *arguments,
        ],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
