"""
Measure, and print a table: C{python -m benchmarks --help}.
"""

from __future__ import annotations

import argparse
import os
import sys

from .calls import ROWS as CALLS
from .commands import ROWS as COMMANDS
from .idle import ROWS as IDLE
from .measuring import cells, load, run, save, table
from .outliving import ROWS as OUTLIVING
from .output import ROWS as OUTPUT
from .site import TOGETHER

ROWS = (*OUTPUT, *CALLS, *COMMANDS, *IDLE, *OUTLIVING)


def main() -> int:
    """
    Measure what was asked for.

    @return: The exit status: 1 if a target was missed.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("rows", nargs="*", help="what to measure; nothing means all")
    parser.add_argument(
        "--runs", type=int, default=5, help="of which the median is taken"
    )
    parser.add_argument("--scale", type=float, default=1.0, help="of the work in a run")
    parser.add_argument(
        "--quick", action="store_true", help="1 run of a fifth of the work"
    )
    parser.add_argument("--save", metavar="FILE", help="save the figures")
    parser.add_argument("--against", metavar="FILE", help="compare with saved figures")
    parser.add_argument(
        "--together", action="store_true", help="measure all in one process instead"
    )
    chosen = parser.parse_args()
    if chosen.together:
        os.environ[TOGETHER] = "yes"
    names = {row.name for row in ROWS}
    if unknown := set(chosen.rows) - names:
        parser.error(
            f"no such rows: {', '.join(unknown)}; there are {', '.join(names)}"
        )
    runs, scale = (1, 0.2) if chosen.quick else (chosen.runs, chosen.scale)
    before = load(chosen.against)
    load1 = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load1:.2f}, Python {sys.version.split()[0]}")
    results = []
    for row in ROWS:
        if chosen.rows and row.name not in chosen.rows:
            continue
        print(f"measuring {row.name} ...", file=sys.stderr, flush=True)
        results.append(run(row, runs, scale))
    print(table(cells(result, before) for result in results))
    if chosen.save:
        save(chosen.save, results)
    return 1 if any(result.met is False for result in results) else 0


if __name__ == "__main__":
    sys.exit(main())
