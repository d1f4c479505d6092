"""
The socket that the door listens on.
"""

from __future__ import annotations

import socket
from typing import Final

from ..errors import BadConfiguration

_BACKLOG: Final = 1024
_LAST_PORT: Final = 65535


def openSocket(interface: str, port: int, stallSeconds: float) -> socket.socket:
    """
    Listen for TCP connections, which wait until somebody accepts them.

    The sockets of the connections inherit the options that are set here.

    @param interface: An IP address, or a name for one.

    @param port: 0 for one that is free.

    @raise BadConfiguration: If nobody can listen there.
    """
    if not 0 <= port <= _LAST_PORT:
        raise BadConfiguration(
            f"cannot listen on {interface} port {port}: "
            f"a port is a number from 0 to {_LAST_PORT}"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            interface,
            port,
            type=socket.SOCK_STREAM,
            flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV,
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            _setOptions(listening, stallSeconds)
            listening.bind(address)
            listening.listen(_BACKLOG)
        except BaseException:
            listening.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise BadConfiguration(
            f"cannot listen on {interface} port {port}: {reason}"
        ) from None
    return listening


def _setOptions(listening: socket.socket, stallSeconds: float) -> None:
    """
    Say how connections are to behave.
    """
    listening.setblocking(False)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Small answers must not wait for the acknowledgement of the last one.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # Who does not read for so long is gone; the server, which would find out
    # by its keepalive, cannot tell us while we do not read from it either.
    listening.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stallSeconds * 1000)
    )
