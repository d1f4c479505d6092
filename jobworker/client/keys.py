"""
Keys of starts, where the user gives none.
"""

from __future__ import annotations

import os
import re
from typing import Final

_MADE: Final = re.compile("run:[0-9a-f]{32}")


def makeKey() -> str:
    """
    Make a key that no other start has.
    """
    return f"run:{os.urandom(16).hex()}"


def isMade(key: str) -> bool:
    """
    Say whether a key looks like one that was made here, not thought of by a user.
    """
    return _MADE.fullmatch(key) is not None
