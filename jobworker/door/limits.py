"""
How many may be at the door, and for how long.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

# Descriptors that a gateway has open when nobody is there, and for a visitor.
_OWN: Final = 32
_EACH: Final = 3


@frozen
class Limits:
    """
    What the door bears.

    @ivar connections: The most connections at a time, in handshake or past it;
        who comes then is turned away.
    @ivar handshakes: The most connections in handshake at a time; when another
        one comes, one of them has to go.
    @ivar handshakeSeconds: How long a visitor may take until it is known who
        it is.
    @ivar farewellSeconds: How long the end of a connection may take at
        shutdown.
    @ivar lingerSeconds: How long a visitor may take to read what was left for
        it when the server has closed its connection.
    @ivar stallSeconds: How long a visitor may leave unread, on the level of
        TCP, what is sent to it.  This is more than the server's keepalive
        with its timeout.
    @ivar fields: The most header fields of a request.  A usual one has a dozen.
    """

    connections: int = 2000
    handshakes: int = 200
    handshakeSeconds: float = 10.0
    farewellSeconds: float = 2.0
    lingerSeconds: float = 10.0
    stallSeconds: float = 300.0
    fields: int = 256


def fittingLimits(limits: Limits, files: int) -> Limits:
    """
    Lower limits so far that visitors cannot take all descriptors there are.

    A visitor takes three of them when it has reached the server.  A quarter is
    left to those who read logs.

    @param files: How many descriptors this process may have.
    """
    connections = max((files - _OWN) // (_EACH + 1), 2)
    if connections >= limits.connections:
        return limits
    return evolve(
        limits,
        connections=connections,
        handshakes=min(limits.handshakes, connections // 2),
    )
