"""
How many may be at the door, and for how long.
"""

from __future__ import annotations

from attrs import frozen


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
    """

    connections: int = 2000
    handshakes: int = 200
    handshakeSeconds: float = 10.0
    farewellSeconds: float = 2.0
    lingerSeconds: float = 10.0
    stallSeconds: float = 300.0
