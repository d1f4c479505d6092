"""
Writing to sockets without delay.
"""

from __future__ import annotations

from twisted.internet.abstract import FileDescriptor
from twisted.internet.interfaces import ITransport


def writeNow(transport: ITransport, data: bytes) -> None:
    """
    Write to a transport; what the kernel takes at once is with it when this
    returns.

    Twisted's own C{write} leaves all of it to the next turn of the reactor,
    which is a good part of the time that a short answer takes.
    """
    if data and isinstance(transport, FileDescriptor) and _isIdle(transport):
        sent = transport.writeSomeData(data)
        # A lost connection is left to the reactor, which finds it out again.
        if isinstance(sent, int):
            if sent == len(data):
                return
            data = data[sent:]
    transport.write(data)


def _isIdle(transport: FileDescriptor) -> bool:
    """
    Say whether nothing that was written before waits, and all is open.
    """
    return bool(
        transport.connected
        and not transport.disconnecting
        and not transport.dataBuffer
        and not transport._tempDataBuffer
        and not transport._writeDisconnecting
        and not transport._writeDisconnected
    )
