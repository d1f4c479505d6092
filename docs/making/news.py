"""
What is new: in the next release, as its fragments say, and in those before it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: The releases that there have been.
_RELEASES = """

.. include:: ../CHANGELOG.rst
   :start-after: .. towncrier release notes start
"""


def reference() -> str:
    """
    Write the news.
    """
    draft = ("build", "--draft", "--version", "The next release", "--date", "to come")
    done = subprocess.run(
        [sys.executable, "-m", "towncrier", *draft],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout + _RELEASES
