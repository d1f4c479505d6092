"""
What the service manager is told: sd_notify(3).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from twisted.logger import Logger

_log = Logger()


def notify(environment: Mapping[str, str], message: str) -> None:
    """
    Tell the service manager something, if there is one that wants to know.

    @param message: Such as C{READY=1}.
    """
    address = environment.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
        ) as manager:
            manager.connect(address)
            manager.send(message.encode("utf-8"))
    except OSError as error:
        _log.warn("the service manager was not told: {error}", error=error.strerror)
