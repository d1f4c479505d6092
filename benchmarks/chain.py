"""
What the start of a job takes whoever makes it: a call to somebody who knows
nothing, two programs that become the command, and a commit.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Final

import grpc

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller

from .bare import bareServer

# The descriptor that closes when the command begins.
_TELLTALE: Final = 3

# About what the record of a job takes, in bytes.
_RECORD: Final = 600


@contextmanager
def chain() -> Iterator[Callable[[], None]]:
    """
    Have all of it ready while the context lasts.

    @return: What does it once.
    """
    with (
        bareServer() as address,
        grpc.insecure_channel(address) as channel,
        tempfile.TemporaryDirectory(prefix="jobworker-bench-") as folder,
        closing(sqlite3.connect(f"{folder}/table", isolation_level=None)) as table,
    ):
        table.execute("PRAGMA journal_mode = WAL")
        table.execute("PRAGMA synchronous = FULL")
        table.execute("CREATE TABLE record (content BLOB)")
        bare = Caller(channel)
        child = 0

        def once() -> None:
            nonlocal child
            if child:
                os.waitpid(child, 0)
            bare.query(pb.Job())
            child = _begin()
            table.execute("INSERT INTO record VALUES (zeroblob(?))", (_RECORD,))

        yield once
        os.waitpid(child, 0)


def _begin() -> int:
    """
    Have C{true} executed in a session of its own, and wait until it begins.

    @return: The process.
    """
    session, shell = shutil.which("setsid"), shutil.which("dash") or "/bin/sh"
    assert session is not None
    reading, writing = os.pipe()
    command = [session, shell, "-c", f'exec "$@" {_TELLTALE}>&-', "bench", "true"]
    told = [(os.POSIX_SPAWN_DUP2, writing, _TELLTALE)]
    child = os.posix_spawn(session, command, {"PATH": os.defpath}, file_actions=told)
    os.close(writing)
    os.read(reading, 1)
    os.close(reading)
    return child
