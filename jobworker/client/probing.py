"""
Why there is no connection, as well as can be found out.

gRPC says little about what goes wrong with TLS, and nothing at all about
alerts of a server that refuses our certificate.  So when a call fails, one more
connection is made without gRPC, only to see how it fails.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .addresses import Address
from .credentials import Credentials
from .failures import BadCredentials, Failure, Unreachable

if TYPE_CHECKING:
    import ssl

#: Seconds that each step may take.
_PATIENCE: Final = 3.0

#: What our side says of the server's certificate, by X509_V_ERR number.
_VERIFICATIONS: Final = {
    9: ("is not valid yet", "check the clock of this machine"),
    10: ("has expired", "renew it, or check the clock of this machine"),
    18: ("is signed by itself", "give the CA that the server belongs to with --ca"),
    19: ("comes from a CA that --ca does not name", "give the server's CA with --ca"),
    20: ("comes from a CA that --ca does not name", "give the server's CA with --ca"),
    21: ("comes from a CA that --ca does not name", "give the server's CA with --ca"),
    62: ("is not made for {host!r}", "use a name that it is made for in --address"),
    64: ("is not made for {host}", "use a name that it is made for in --address"),
}

#: What the server says of ours, by words of its alert.
_ALERTS: Final = {
    "UNKNOWN_CA": ("unknown to it", "give a certificate of the server's client CA"),
    "CERTIFICATE_EXPIRED": ("expired", "renew it, or check the clocks"),
    "CERTIFICATE_REVOKED": ("revoked", "ask for a new one"),
    "CERTIFICATE_REQUIRED": ("missing", "give one with --cert"),
    "BAD_CERTIFICATE": (
        "not acceptable now",
        "give a client certificate that is in force with --cert, or check the clocks",
    ),
    "UNSUPPORTED_CERTIFICATE": (
        "made for another purpose",
        "give a client certificate with --cert",
    ),
    "CERTIFICATE_UNKNOWN": ("not acceptable", "the log of the server says why"),
    "DECRYPT_ERROR": ("not acceptable", "the log of the server says why"),
    "INTERNAL_ERROR": ("not acceptable", "the log of the server says why"),
    "ACCESS_DENIED": ("not acceptable", "the log of the server says why"),
    "HANDSHAKE_FAILURE": ("not acceptable", "the log of the server says why"),
}


@frozen
class Greeting:
    """
    How a server behaves that TLS was spoken with.

    @ivar protocol: The version of TLS, as C{"TLSv1.3"}.
    @ivar begin: When the server's certificate comes into force: seconds since
        the epoch.
    @ivar end: When it expires.
    """

    protocol: str
    begin: float
    end: float


def explain(
    failure: Unreachable, address: Address, credentials: Credentials
) -> Failure:
    """
    Say more about a failure to connect, if that can be found out.

    @return: A L{BadCredentials} if trying again is of no use.
    """
    try:
        requireUsable(credentials)
        with connect(address) as raw:
            greet(raw, address, credentials)
    except Failure as found:
        return found
    return Unreachable(
        f"{address} is not available: {failure.cause}", "try again later"
    )


def requireUsable(credentials: Credentials) -> None:
    """
    See that TLS can be spoken with what our files hold.

    @raise BadCredentials: If it cannot.
    """
    _context(credentials)


def resolve(address: Address) -> tuple[str, ...]:
    """
    Find the numbers of a host.

    @raise Unreachable: If it has none.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise _unknown(address, error) from None
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def connect(address: Address) -> socket.socket:
    """
    Open a connection.

    @raise Unreachable: If there is none.
    """
    try:
        return socket.create_connection((address.host, address.port), _PATIENCE)
    except (socket.gaierror, UnicodeError) as error:
        raise _unknown(address, error) from None
    except TimeoutError:
        cause, remedy = f"{address} does not answer", "check address and network"
    except ConnectionRefusedError:
        cause = f"nothing listens at {address}"
        remedy = "start the server, or check the address"
    except OSError as error:
        cause = f"no connection to {address}: {error.strerror or error}"
        remedy = "check address and network; the log of the server may say more"
    raise Unreachable(cause, remedy)


def _unknown(address: Address, error: OSError | UnicodeError) -> Failure:
    """
    Say that a host has no number.
    """
    reason = getattr(error, "strerror", None) or "this is no name"
    return Unreachable(
        f"the host {address.host!r} is not known: {reason}", "check the address"
    )


def greet(raw: socket.socket, address: Address, credentials: Credentials) -> Greeting:
    """
    Speak TLS over a connection, and see whether the server goes on.

    @raise BadCredentials: If one side does not believe the other.

    @raise Unreachable: If it is no server for us.
    """
    import ssl

    context = _context(credentials)
    raw.settimeout(_PATIENCE)
    try:
        with context.wrap_socket(raw, server_hostname=address.host) as connection:
            protocol = connection.selected_alpn_protocol()
            certificate = connection.getpeercert() or {}
            version = connection.version() or "TLS"
            answered = _speaks(connection)
    except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
        raise _silent(address) from None
    except ssl.SSLError as error:
        raise _distrusted(error, address) from None
    except TimeoutError:
        raise Unreachable(
            f"{address} does not answer", "check address and network"
        ) from None
    except OSError as error:
        raise Unreachable(
            f"no connection to {address}: {error.strerror or error}",
            "check address and network; the log of the server may say more",
        ) from None
    if protocol != "h2":
        raise Unreachable(f"{address} does not speak gRPC", "check the address")
    if not answered:
        raise _silent(address)
    begin, end = (
        ssl.cert_time_to_seconds(str(certificate[name]))
        for name in ("notBefore", "notAfter")
    )
    return Greeting(version, begin, end)


def _speaks(connection: ssl.SSLSocket) -> bool:
    """
    Wait for a server to say something, or nothing at all.

    A server of HTTP/2 speaks first.  Nothing is sent to it, as a server that
    closes on what it has not read takes back what it said.
    """
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True


def _silent(address: Address) -> Failure:
    """
    Say that a server closes the connection.
    """
    return Unreachable(
        f"{address} closes the connection without a word",
        "perhaps it does not accept our certificate; its log says why",
    )


def _context(credentials: Credentials) -> ssl.SSLContext:
    """
    Set up TLS as gRPC has it.
    """
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["h2"])
    try:
        context.load_verify_locations(
            cadata=credentials.authorities.decode("ascii", "replace")
        )
        # OpenSSL knows certificates for us as files only, and the key should
        # not come near a disk.
        with (
            _inMemory(credentials.certificate) as certificate,
            _inMemory(credentials.key) as key,
        ):
            context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise _unusable(error) from None
    return context


@contextmanager
def _inMemory(content: bytes) -> Iterator[str]:
    """
    Make a file that exists in this process only.
    """
    descriptor = os.memfd_create("credentials", os.MFD_CLOEXEC)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        yield f"/proc/self/fd/{descriptor}"


def _unusable(error: Exception) -> Failure:
    """
    Say what is wrong with our own files.
    """
    said = str(error)
    if "KEY_VALUES_MISMATCH" in said or "KEY_TYPE_MISMATCH" in said:
        return BadCredentials(
            "the key does not belong to the certificate",
            "give the pair that was made together with --cert and --key",
        )
    return BadCredentials(
        "certificate, key or CA cannot be used as they are",
        "check that --cert, --key and --ca name sound files in PEM",
    )


def _distrusted(error: ssl.SSLError, address: Address) -> Failure:
    """
    Say who does not believe whom.
    """
    code = getattr(error, "verify_code", None)
    if code is not None:
        said = getattr(error, "verify_message", "is not acceptable")
        words, remedy = _VERIFICATIONS.get(
            code, (f"is not acceptable ({said})", "have the server's operator look")
        )
        words = words.format(host=address.host)
        return BadCredentials(f"the certificate of {address} {words}", remedy)
    reason = error.reason or str(error)
    if "ALERT" in reason:
        for alert, (words, remedy) in _ALERTS.items():
            if reason.endswith(alert):
                return BadCredentials(
                    f"{address} says that our certificate is {words}", remedy
                )
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return Unreachable(f"{address} does not speak TLS", "check the address")
    if reason == "UNEXPECTED_EOF_WHILE_READING":
        return _silent(address)
    plain = reason.replace("_", " ").lower()
    return Unreachable(f"TLS with {address} failed: {plain}", "check the address")
