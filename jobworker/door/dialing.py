"""
Connections to the gRPC server, each under a name of its own.
"""

from __future__ import annotations

import socket

from attrs import frozen

from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Protocol, ServerFactory


class BackendBusy(Exception):
    """
    The server has not accepted earlier connections yet; one may try again.
    """


@frozen
class Dialer:
    """
    Connects to the server behind the door.

    @ivar _path: Its unix socket.
    """

    _reactor: IReactorSocket
    _path: str

    def dial(self, name: str, protocol: Protocol) -> None:
        """
        Connect a protocol, at once.

        @param name: The abstract unix name of our end, without the leading
            zero byte.

        @raise BackendBusy: If the server has too many to accept.

        @raise OSError: If it cannot be reached.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as end:
            end.setblocking(False)
            end.bind(b"\0" + name.encode("ascii"))
            try:
                end.connect(self._path)
            except BlockingIOError:
                raise BackendBusy from None
            self._reactor.adoptStreamConnection(
                end.fileno(), socket.AF_UNIX, _Once(protocol)
            )


class _Once(ServerFactory):
    """
    Hands out one protocol that exists already.
    """

    noisy = False

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: object) -> Protocol:  # noqa: ARG002
        """
        Hand it out.
        """
        return self._protocol
