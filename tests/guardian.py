"""
Kills what tests have left, when the process that ran them is gone.

    python tests/guardian.py TOKEN <PIPE

A creature ends by itself, but not while it is stopped; and it is stopped for
ever if whoever was to kill it then has died of a mistake.  So this waits for the
end of the pipe, which that process holds, and then kills every process with the
token among its arguments.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress


def left(token: bytes) -> Iterator[int]:
    """
    Find the processes with a token.
    """
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            with suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                if token in file.read():
                    yield int(name)


def main() -> None:
    """
    Wait, then kill for as long as there is something.
    """
    sys.stdin.buffer.read()
    token = os.fsencode(sys.argv[1])
    for _ in range(100):
        found = list(left(token))
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
