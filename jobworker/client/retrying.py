"""
When there is another attempt over a connection that was lost, and when not.

Nothing here performs I/O.
"""

from __future__ import annotations

from typing import Final

from attrs import define

from .events import Waiting
from .failures import Failure, Unreachable

#: Seconds to wait before each new attempt.  When an attempt after the last
#: fails too, there is no other.
DELAYS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)


@define
class Attempts:
    """
    Counts attempts that came to nothing, one after the other.
    """

    _failed: int = 0

    def progressed(self) -> None:
        """
        Take note that an attempt came to something.
        """
        self._failed = 0

    def another(self, failure: Failure) -> Waiting:
        """
        Decide after an attempt that failed.

        @param failure: Why, as well as is known.

        @raise Failure: That failure, if it is of no use to try again.
        """
        if self._failed == len(DELAYS) or not isinstance(failure, Unreachable):
            raise failure
        self._failed += 1
        return Waiting(failure, DELAYS[self._failed - 1])
