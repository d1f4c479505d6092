"""
How much of a job's output is kept.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from attrs import frozen

# The least that a log can be limited to, in bytes: there must be room for
# whole lines of both sources while older ones are dropped.
LEAST: Final = 2**20


class Policy(Enum):
    """
    What happens when the log of a job has reached its limit.

    @cvar DROP_OLDEST: The oldest output goes, the newest is kept.
    @cvar STOP_WRITING: The oldest output is kept; what comes later is counted
        and thrown away.
    @cvar KILL_JOB: The same, and the job is ended.
    """

    DROP_OLDEST = "drop-oldest"
    STOP_WRITING = "stop-writing"
    KILL_JOB = "kill-job"


@frozen
class Quota:
    """
    The limit of each job's log.

    @ivar limit: Bytes on disk: output of both sources and the index, which
        takes 16 bytes for each piece of output.  0: no limit.
    """

    limit: int = 2**30
    policy: Policy = Policy.DROP_OLDEST

    def __attrs_post_init__(self) -> None:
        if self.limit and self.limit < LEAST:
            raise ValueError(f"a log cannot be limited to less than {LEAST} bytes")
