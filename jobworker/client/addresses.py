"""
Where a server is.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from attrs import frozen

from .failures import Unacceptable

#: The port of a server that nobody gave another one.
PORT: Final = 7777

_REMEDY: Final = "an address is HOST, HOST:PORT or [IPv6]:PORT"


@frozen
class Address:
    """
    A host, by name or number, and a port.
    """

    host: str
    port: int = PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Address:
        """
        Read an address as people write it.

        @raise Unacceptable: If it is none.
        """
        host, separator, port = text, "", ""
        if text.startswith("["):
            host, bracket, rest = text[1:].partition("]")
            _, separator, port = rest.rpartition(":")
            if not bracket or (rest and not rest.startswith(":")) or ":" in _:
                raise Unacceptable(f"{text!r} is not an address", _REMEDY)
        elif text.count(":") == 1:
            host, separator, port = text.partition(":")
        if not host or not host.isprintable() or set(host) & set(" /@"):
            raise Unacceptable(f"{text!r} is not an address", _REMEDY)
        if not separator:
            return cls(host)
        if not port.isdecimal() or not port.isascii() or not 0 < int(port) < 65536:
            raise Unacceptable(f"{port!r} is not a port", _REMEDY)
        return cls(host, int(port))

    def isLocal(self) -> bool:
        """
        Say whether this is surely the machine that we are on.
        """
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
