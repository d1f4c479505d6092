"""
Programs that tests look at the world with.
"""

from __future__ import annotations

import os
import shutil
from typing import NoReturn
from unittest import SkipTest

#: The environment variable that lets no test be skipped for want of a program.
COMPLETE = "JOBWORKER_TEST_ALL"


def need(*programs: str) -> None:
    """
    Go on only if there are some programs: C{make test} installs them where it
    may.

    @raise AssertionError: If one is missing where none may be, as in CI.

    @raise SkipTest: If one is missing elsewhere.
    """
    for program in programs:
        if shutil.which(program) is None:
            lack(f"{program} is missing: sudo apt-get install {program}")


def lack(missing: str) -> NoReturn:
    """
    Go no further for want of something that is there where everything is.

    @raise AssertionError: If nothing may be missing here, as in CI.

    @raise SkipTest: If it may.
    """
    raise (AssertionError if COMPLETE in os.environ else SkipTest)(missing)
