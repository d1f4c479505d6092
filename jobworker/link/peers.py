"""
Who is at the other end of a unix socket.
"""

from __future__ import annotations

import socket
from struct import Struct
from typing import Final

from attrs import frozen

from twisted.internet.interfaces import ITransport

_CREDENTIALS: Final = Struct("3i")


@frozen
class Peer:
    """
    Who is at the other end of a socket, as the kernel says: unix(7).
    """

    pid: int
    uid: int
    gid: int


def readPeer(transport: ITransport) -> Peer:
    """
    Ask the kernel who connected.
    """
    connection: socket.socket = transport.socket  # type: ignore[attr-defined]
    data = connection.getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size
    )
    return Peer(*_CREDENTIALS.unpack(data))
