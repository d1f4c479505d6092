"""
Where the commands C{jobworker} and C{worker_cli} begin.
"""

from __future__ import annotations

import gc
import os
import sys


def main() -> int:
    """
    Run the command that this process was started for.

    Half of the time of a small command would be spent on looking for garbage,
    while modules are loaded and once more at the end, where there is none.  A
    command that lasts looks for it when it has loaded everything.

    @return: The code to exit with.
    """
    gc.disable()
    try:
        from .program import run

        return run(sys.argv[1:], os.environ)
    except KeyboardInterrupt:
        # It came before, or after, it could be dealt with.
        return 130
    finally:
        gc.freeze()
