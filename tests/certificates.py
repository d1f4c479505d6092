"""
Certificates and keys for tests, made when they are first asked for.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from jobworker.tls.authority import initialise


@cache
def certificates() -> Path:
    """
    Make everything that C{jobworker certs init --bad} makes, once a process.

    @return: The directory; L{initialise} says what is in it.
    """
    directory = Path(tempfile.mkdtemp(prefix="jobworker-tests-", dir="/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    initialise(directory, bad=True)
    return directory


def path(name: str) -> str:
    """
    Find a file, as C{"alice_cert.pem"} or C{"bad/expired_client_key.pem"}.
    """
    return str(certificates() / name)


def pem(name: str) -> bytes:
    """
    Read a file.
    """
    return (certificates() / name).read_bytes()
