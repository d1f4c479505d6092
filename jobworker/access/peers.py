"""
Which connection to the gRPC server belongs to which client certificate.

The door writes it and the gRPC thread reads it.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Final

from attrs import define, field

from .identity import Peer

#: What stands before the name in what gRPC calls the peer of a call.
_SCHEME: Final = "unix-abstract:"


@define(eq=False)
class PeerBook:
    """
    The peers who are connected, by unguessable names.

    The methods may be called in any thread.
    """

    _peers: dict[str, Peer] = field(factory=dict, init=False)

    def enter(self, peer: Peer) -> str:
        """
        Remember a peer.

        @return: A name for an abstract unix socket, without the leading zero
            byte, to bind the connection to that is opened for this peer.
        """
        name = f"jobworker-{token_hex(16)}"
        self._peers[name] = peer
        return name

    def strike(self, name: str) -> None:
        """
        Forget a peer whose connection is closed.
        """
        self._peers.pop(name, None)

    def find(self, grpcPeer: str) -> Peer | None:
        """
        Find out whose connection a call came over.

        @param grpcPeer: What gRPC calls the peer of the call.
        """
        if not grpcPeer.startswith(_SCHEME):
            return None
        return self._peers.get(grpcPeer.removeprefix(_SCHEME))
