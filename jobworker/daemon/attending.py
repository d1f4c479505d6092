"""
What a gateway has besides the door and the server.
"""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred


class IAttendant(Protocol):
    """
    Something that is there while a gateway serves.
    """

    def prepare(self) -> None:
        """
        Take what needs privileges.

        @raise BadConfiguration: If it cannot be had.
        """

    def start(self) -> None:
        """
        Begin, as the user who serves, before the first call.

        @raise BadConfiguration: If that is not possible.
        """

    def stop(self) -> Deferred[object]:
        """
        End, after the last call.

        @return: A L{Deferred} firing when nothing of it is left.  It never
            fails.
        """
