"""
Writing to sockets without delay.
"""

from __future__ import annotations

import socket

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.protocol import Protocol, ServerFactory, connectionDone
from twisted.internet.tcp import Connection
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from jobworker.prompt import writeNow

#: More than the kernel takes for one socket.
MUCH = bytes(range(256)) * 2**14


class Silent(Protocol):
    """
    Says when its connection is lost.
    """

    def __init__(self) -> None:
        self.lost: Deferred[None] = Deferred()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Say so.
        """
        self.lost.callback(None)


class PromptTests(TestCase):
    """
    L{writeNow} on a real pair of sockets.
    """

    def setUp(self) -> None:
        """
        Connect a protocol to a socket that the test reads.
        """
        ours, self.theirs = socket.socketpair()
        self.addCleanup(self.theirs.close)
        ours.setblocking(False)
        self.protocol: Silent = Silent()
        factory = ServerFactory()
        factory.protocol = lambda: self.protocol
        sockets = IReactorSocket(reactor)
        sockets.adoptStreamConnection(ours.fileno(), socket.AF_UNIX, factory)
        ours.close()
        transport = self.protocol.transport
        assert isinstance(transport, Connection)
        self.transport: Connection = transport
        self.addCleanup(lambda: self.protocol.lost)
        self.addCleanup(transport.abortConnection)

    def receive(self) -> bytes:
        """
        Read until the other side has closed, in another thread.
        """
        parts = []
        while part := self.theirs.recv(2**16):
            parts.append(part)
        return b"".join(parts)

    def test_atOnce(self) -> None:
        """
        What the kernel takes is there before the reactor has had another turn.
        """
        writeNow(self.transport, b"hello ")
        writeNow(self.transport, b"")
        writeNow(self.transport, b"world")
        self.assertEqual(self.theirs.recv(99), b"hello world")

    async def test_order(self) -> None:
        """
        What the kernel does not take at once comes later, in order with what
        is written in whatever way.
        """
        writeNow(self.transport, b"first")
        writeNow(self.transport, MUCH)
        writeNow(self.transport, b"second")
        self.transport.write(b"third")
        writeNow(self.transport, b"last")
        self.transport.loseConnection()
        received = await deferToThread(self.receive)
        self.assertEqual(received, b"first" + MUCH + b"secondthirdlast")

    async def test_buffered(self) -> None:
        """
        It does not overtake what the reactor has not sent yet.
        """
        self.transport.write(b"first")
        writeNow(self.transport, b"last")
        self.transport.loseConnection()
        self.assertEqual(await deferToThread(self.receive), b"firstlast")

    async def test_lost(self) -> None:
        """
        To write to who has closed ends the connection and raises nothing.
        """
        self.theirs.close()
        writeNow(self.transport, b"hello")
        await self.protocol.lost
        writeNow(self.transport, b"hello")

    def test_other(self) -> None:
        """
        A transport that is no file descriptor is written to as ever.
        """
        transport = StringTransport()
        writeNow(transport, b"hello")
        self.assertEqual(transport.value(), b"hello")
