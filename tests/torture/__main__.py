"""
C{python -m tests.torture ROUNDS [gateway|supervisor] [--seed N]}
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from jobworker.crashing import GATEWAY, SUPERVISOR
from tests.daemons import Daemon

from .rounds import torture


def main() -> None:
    """
    Torture both kinds of process, or the one that was asked for.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.torture")
    parser.add_argument("rounds", type=int)
    parser.add_argument("victim", nargs="?", choices=("gateway", "supervisor"))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    chosen = parser.parse_args()
    for victim, points in (("gateway", GATEWAY), ("supervisor", SUPERVISOR)):
        if chosen.victim in (None, victim):
            folder = Path(tempfile.mkdtemp(prefix="jobworker-torture-", dir="/tmp"))
            torture(
                Daemon(folder),
                chosen.rounds,
                victim,
                sorted(points),
                chosen.seed,
                lambda line: print(time.strftime("%H:%M:%S"), line, flush=True),
            )
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
