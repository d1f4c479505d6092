"""
What is required of everybody who connects: TLS 1.3, HTTP/2, and a client
certificate from an authority of ours.
"""

from __future__ import annotations

from typing import Final

from attrs import define
from cryptography import x509
from OpenSSL import SSL, crypto

from ..errors import BadConfiguration
from .causes import NoProtocol, describeFailure, describeVerification
from .credentials import ServerCredentials, isAuthority
from .sessions import Session

#: The protocol inside, as ALPN calls it.
PROTOCOL: Final = b"h2"

_SUITES: Final = (
    b"TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
)

#: SSL_MODE_ENABLE_PARTIAL_WRITE, which pyOpenSSL sets and does not name.
_PARTIAL_WRITE: Final = 1

#: Refuse RSA and signatures below 112 bits of security, in chains too.
_SECURITY: Final = b"DEFAULT:@SECLEVEL=2"


@define(eq=False)
class ServerTLS:
    """
    Makes the TLS side of connections, with credentials that can be exchanged.
    """

    _context: SSL.Context

    def exchange(self, credentials: ServerCredentials) -> None:
        """
        Use other credentials for connections from now on.

        @raise BadConfiguration: If OpenSSL does not take them; those that are
            there stay in use.
        """
        self._context = _makeContext(credentials)

    def begin(self) -> Session:
        """
        Begin a connection.
        """
        return Session(SSL.Connection(self._context, None))


def makeServerTLS(credentials: ServerCredentials) -> ServerTLS:
    """
    Make the TLS side of a server.

    @raise BadConfiguration: If OpenSSL does not take the credentials.
    """
    return ServerTLS(_makeContext(credentials))


def _makeContext(credentials: ServerCredentials) -> SSL.Context:
    """
    Say once and for all connections what is required.
    """
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_cipher_list(_SECURITY)
    context.set_tls13_ciphersuites(_SUITES)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    # Many records at a time take one call, not one each.
    context.clear_mode(_PARTIAL_WRITE)
    # A session that is resumed would not be verified again.
    context.set_options(SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_alpn_select_callback(_selectProtocol)
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _verify)
    try:
        _trust(context, credentials.authorities)
        context.use_certificate(credentials.chain[0])
        for certificate in credentials.chain[1:]:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(credentials.key)
        context.check_privatekey()
    except (SSL.Error, crypto.Error) as error:
        raise BadConfiguration(
            f"OpenSSL does not take the certificates: {describeFailure(error)}"
        ) from None
    return context


def _trust(context: SSL.Context, authorities: tuple[x509.Certificate, ...]) -> None:
    """
    Believe these, whether somebody else has signed them or not.
    """
    store = context.get_cert_store()
    assert store is not None
    for authority in authorities:
        store.add_cert(crypto.X509.from_cryptography(authority))
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)


def _selectProtocol(_: SSL.Connection, offered: list[bytes]) -> bytes:
    """
    Take HTTP/2 or nothing.

    This is not called when the client offers no protocols at all.
    """
    if PROTOCOL not in offered:
        raise NoProtocol
    return PROTOCOL


def _verify(
    connection: SSL.Connection,
    certificate: crypto.X509,
    error: int,
    depth: int,
    good: int,
) -> bool:
    """
    Add to OpenSSL's judgement of one certificate of a chain, and keep it.

    OpenSSL has checked signatures, times and the purpose.
    """
    found = None
    if not good:
        found = describeVerification(error)
    elif depth == 0 and isAuthority(certificate.to_cryptography()):
        found = "it is one of an authority"
    if found is not None:
        connection.set_app_data(found)
    return found is None
