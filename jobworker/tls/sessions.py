"""
The server's side of one TLS connection, without any input or output of its
own: bytes from the network go in, bytes for the network come out.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from attrs import define, field, frozen
from cryptography import x509
from OpenSSL import SSL

from .causes import describeBreak, describeFailure

#: The most that one TLS record holds, in bytes.
_RECORD: Final = 1 << 14

#: More than what a record adds to what it holds.
_OVERHEAD: Final = 64

#: How much is asked for when nobody knows how much there is.
_SOME: Final = 1 << 14


@frozen(eq=False)
class HandshakeFailed(Exception):
    """
    The visitor is none of ours.  L{Session.take} has what is to be said to it
    about that.

    @ivar cause: Why, in words for a log.
    """

    cause: str

    def __str__(self) -> str:
        return self.cause


@frozen(eq=False)
class SessionBroken(Exception):
    """
    What came from the network was no TLS, or was changed on the way.
    """

    cause: str

    def __str__(self) -> str:
        return self.cause


@define(eq=False)
class Session:
    """
    One connection.

    @ivar finished: Whether the visitor has said that it sends nothing more.
    """

    _connection: SSL.Connection
    finished: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._connection.set_accept_state()

    def feed(self, data: bytes) -> None:
        """
        Take what came from the network.
        """
        if data:
            self._connection.bio_write(data)

    def shake(self) -> bool:
        """
        Go on with the handshake as far as what was fed allows.

        @return: Whether it is complete, and the visitor verified.

        @raise HandshakeFailed: If the visitor is refused.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.Error as error:
            found: object = self._connection.get_app_data()
            raise HandshakeFailed(
                f"the client certificate is refused: {found}"
                if isinstance(found, str)
                else describeFailure(error)
            ) from None
        if not self._connection.get_alpn_proto_negotiated():
            raise HandshakeFailed("the client does not offer HTTP/2 (ALPN h2)")
        return True

    def certificate(self) -> x509.Certificate:
        """
        Load the certificate of the visitor, which was verified.

        @raise ValueError: If it is malformed.
        """
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        assert certificate is not None, "the handshake is not complete"
        return certificate

    def read(self) -> bytes:
        """
        Decrypt all that was fed.

        @raise SessionBroken: If that cannot be done.
        """
        parts = []
        try:
            while not self.finished:
                parts.append(self._connection.recv(_RECORD))
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.finished = True
        except SSL.Error as error:
            raise SessionBroken(describeBreak(error)) from None
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, data: bytes) -> bytes:
        """
        Encrypt something for the visitor.

        @return: What is to be sent to the network, as from L{take}.

        @raise SessionBroken: If the connection was broken before.
        """
        if not data:
            return b""
        try:
            sent = self._connection.send(data)
            while sent < len(data):
                sent += self._connection.send(data[sent:])
        except SSL.Error as error:
            raise SessionBroken(describeBreak(error)) from None
        records = len(data) // _RECORD + 1
        return self._drain(len(data) + records * _OVERHEAD)

    def farewell(self) -> None:
        """
        Say that nothing more will be sent.
        """
        # The connection may have been broken before.
        with suppress(SSL.Error):
            self._connection.shutdown()

    def take(self) -> bytes:
        """
        Get what is to be sent to the network, which may be nothing.
        """
        return self._drain(_SOME)

    def _drain(self, size: int) -> bytes:
        """
        Get what OpenSSL has for the network.

        @param size: How much is expected at most.
        """
        parts: list[bytes] = []
        with suppress(SSL.WantReadError):
            while not parts or len(parts[-1]) == size:
                parts.append(self._connection.bio_read(size))
        return parts[0] if len(parts) == 1 else b"".join(parts)
