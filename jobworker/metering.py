"""
What the parts of a gateway tell whoever measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Protocol, TypeAlias


class Reading(Enum):
    """
    Figures that somebody knows at any time.

    @cvar CONNECTIONS: Connections at the door.
    @cvar HANDSHAKES: Those of them that are in handshake.
    @cvar CALLS: Calls that are being answered.
    @cvar FOLLOWERS: Calls that stay: they read logs, or wait.
    @cvar AUDIT_LINES: Lines of the audit log so far.
    @cvar AUDIT_LOST: Lines that could not be written, and never will be.
    @cvar AUDIT_FAILING: 1 while the audit log cannot be written.
    """

    CONNECTIONS = "connections"
    HANDSHAKES = "handshakes"
    CALLS = "calls"
    FOLLOWERS = "followers"
    AUDIT_LINES = "audit lines"
    AUDIT_LOST = "audit lost"
    AUDIT_FAILING = "audit failing"


class Scheduled(Protocol):
    """
    Something that will be called.
    """

    def cancel(self) -> object:
        """
        Do not call it.
        """


#: Has something called in so many seconds, in the thread that it is called in.
Later: TypeAlias = Callable[[float, Callable[[], None]], Scheduled]


class IMeter(Protocol):
    """
    Somebody who measures a gateway.

    Unless a method says otherwise, it may be called in any thread, and
    returns at once.
    """

    def called(self, service: str, method: str, code: str, seconds: float) -> None:
        """
        A call was answered.

        @param service: One of those that there are, and a method of it.

        @param code: The name of the status.

        @param seconds: How long that took.
        """

    def sending(self, method: str) -> Callable[[int], None] | None:
        """
        Find whom to tell how many bytes each message of a stream has.

        @return: C{None} if nobody wants to know.
        """

    def read(self, reading: Reading, read: Callable[[], float]) -> None:
        """
        Name the place where a figure can be had, in any thread.
        """

    def pulse(
        self, loop: str, later: Later, now: Callable[[], float]
    ) -> Callable[[], None]:
        """
        Measure how late an event loop is.

        Call this in its thread.

        @param now: Its clock, in seconds.

        @return: Ends that; to be called in its thread.
        """


class Unmetered:
    """
    Measures nothing.
    """

    def called(self, service: str, method: str, code: str, seconds: float) -> None:
        """
        However long it took.
        """

    def sending(self, method: str) -> Callable[[int], None] | None:  # noqa: ARG002
        """
        Nobody wants to know.
        """
        return None

    def read(self, reading: Reading, read: Callable[[], float]) -> None:
        """
        Nobody will read it.
        """

    def pulse(
        self,
        loop: str,  # noqa: ARG002
        later: Later,  # noqa: ARG002
        now: Callable[[], float],  # noqa: ARG002
    ) -> Callable[[], None]:
        """
        However late it is.
        """
        return _nothing


def _nothing() -> None:
    """
    Do nothing.
    """
