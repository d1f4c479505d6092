"""
The descriptors that every process has.
"""

from __future__ import annotations

import os
from typing import Final

_LAST_STANDARD: Final = 2


def occupyStandardDescriptors() -> None:
    """
    Open C{/dev/null} for standard input, output and error where they are
    closed.

    What is opened next would get their numbers otherwise, a connection say, and
    whatever a library prints would go there.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
