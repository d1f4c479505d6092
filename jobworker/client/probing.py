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


def explain(
    failure: Unreachable, address: Address, credentials: Credentials
) -> Failure:
    """
    Say more about a failure to connect, if that can be found out.

    @return: A L{BadCredentials} if trying again is of no use.
    """
    import ssl

    try:
        context = _context(credentials)
    except (ssl.SSLError, ValueError) as error:
        return _unusable(error)
    try:
        with socket.create_connection((address.host, address.port), _PATIENCE) as raw:
            raw.settimeout(_PATIENCE)
            with context.wrap_socket(raw, server_hostname=address.host) as connection:
                protocol = connection.selected_alpn_protocol()
                answered = _speaks(connection)
    except (ssl.SSLEOFError, ConnectionResetError, BrokenPipeError):
        return _silent(address)
    except ssl.SSLError as error:
        return _distrusted(error, address)
    except socket.gaierror as error:
        return Unreachable(
            f"the host {address.host!r} is not known: {error.strerror}",
            "check the address",
        )
    except TimeoutError:
        return Unreachable(f"{address} does not answer", "check address and network")
    except ConnectionRefusedError:
        return Unreachable(
            f"nothing listens at {address}", "start the server, or check the address"
        )
    except OSError as error:
        return Unreachable(
            f"no connection to {address}: {error.strerror or error}",
            "check address and network; the log of the server may say more",
        )
    if protocol != "h2":
        return Unreachable(f"{address} does not speak gRPC", "check the address")
    if not answered:
        return _silent(address)
    return Unreachable(
        f"{address} is not available: {failure.cause}", "try again later"
    )


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
    context.load_verify_locations(
        cadata=credentials.authorities.decode("ascii", "replace")
    )
    # OpenSSL knows certificates for us as files only, and the key should not
    # come near a disk.
    with (
        _inMemory(credentials.certificate) as certificate,
        _inMemory(credentials.key) as key,
    ):
        context.load_cert_chain(certificate, key, password="")
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
