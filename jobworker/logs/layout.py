"""
Where the files of a log are.
"""

from __future__ import annotations

import os
from typing import Final

from ..jobs import Source

INDEX: Final = "index"
FILES: Final = {Source.STDOUT: "stdout", Source.STDERR: "stderr"}


def logPath(directory: str, identifier: str) -> str:
    """
    Name the directory of a job's log.

    @param directory: Where all logs are.

    @param identifier: A UUID in canonical form; nothing else, because it
        becomes part of a path.
    """
    return os.path.join(directory, identifier[:2], identifier)
