"""
How many files a process may have open.
"""

from __future__ import annotations

import resource


def raiseOpenFiles() -> int:
    """
    Let this process have as many files open as it is allowed: each running
    job takes five descriptors of the supervisor, and each connection three of
    the gateway.

    @return: The limit that was set before, which programs expect that use
        select(2) or close all descriptors that there could be.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return soft
