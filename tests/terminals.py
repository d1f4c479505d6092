"""
Terminals with programs in them.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Mapping, Sequence
from signal import SIGHUP, SIGINT, SIGPIPE, SIGQUIT
from typing import Any

import pexpect
from ptyprocess import PtyProcess

from .daemons import PATIENCE

#: What a user's shell gets as the system has it, however these tests were started.
_DEFAULT = (SIGHUP, SIGINT, SIGPIPE, SIGQUIT)

#: Runs a program in a directory.
_IN = 'cd "$0" && exec "$@"'


class _Spawned(pexpect.spawn):  # type: ignore[misc]
    """
    A terminal, which is made without a fork: gRPC may have threads here, which a
    child would look for in vain.
    """

    def _spawnpty(
        self,
        args: Sequence[bytes],
        *,
        env: Mapping[str, str],
        cwd: str,
        dimensions: tuple[int, int],
        **_: Any,
    ) -> PtyProcess:
        """
        Make the terminal, and the process that it controls.
        """
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", *dimensions, 0, 0))
        # The leader of a session gets the first terminal that it opens.
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.ttyname(slave), os.O_RDWR, 0),
            (os.POSIX_SPAWN_DUP2, 0, 1),
            (os.POSIX_SPAWN_DUP2, 0, 2),
        ]
        pid = os.posix_spawn(
            "/bin/sh",
            ("sh", "-c", _IN, cwd, *args),
            env,
            file_actions=actions,
            setsid=True,
            setsigdef=_DEFAULT,
        )
        os.close(slave)
        return PtyProcess(pid, master)


def openTerminal(
    program: str,
    *arguments: str,
    cwd: str,
    env: Mapping[str, str],
    dimensions: tuple[int, int] = (24, 200),
) -> pexpect.spawn:
    """
    Run a program in a terminal.

    @param dimensions: Its lines and columns.
    """
    return _Spawned(
        program,
        [*arguments],
        cwd=cwd,
        env=env,
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=dimensions,
    )
