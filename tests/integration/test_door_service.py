"""
The door as a service: how it is opened and closed.
"""

from __future__ import annotations

import socket
import ssl

from zope.interface.verify import verifyObject

from twisted.application.service import IService
from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.access.peers import PeerBook
from jobworker.door.limits import Limits
from jobworker.door.service import Door
from jobworker.errors import BadConfiguration
from tests.doors import (
    Deaf,
    clientContext,
    connect,
    meet,
    openDoor,
    readAll,
    serverTLS,
)


class ServiceTests(TestCase):
    """
    The door as a service.
    """

    timeout = 30

    def make(self, port: int = 0) -> Door:
        """
        Make a door that leads nowhere.
        """
        door = Door(
            reactor,  # type: ignore[arg-type]
            reactor,
            "127.0.0.1",
            port,
            serverTLS(),
            PeerBook(),
            "/nowhere",
        )
        self.addCleanup(door.stopService)
        return door

    def test_interface(self) -> None:
        """
        It is a service.
        """
        verifyObject(IService, self.make())

    def test_inUse(self) -> None:
        """
        A port that somebody else has is a mistake in the configuration, found
        before privileges are dropped.
        """
        first = self.make()
        first.privilegedStartService()
        second = self.make(first.address[1])
        error = self.assertRaises(BadConfiguration, second.privilegedStartService)
        self.assertIn("in use", str(error))
        self.assertRaises(BadConfiguration, second.startService)

    async def test_waiting(self) -> None:
        """
        Who comes before the service has started waits, and is served then.
        """
        scene = openDoor(self, start=False)
        scene.door.privilegedStartService()
        waiting = deferToThread(connect, scene.port, clientContext())
        visited = scene.server.whenVisited()
        scene.door.startService()
        client = await waiting
        self.addCleanup(client.close)
        await visited

    async def test_stopped(self) -> None:
        """
        A door that is stopped lets nobody in, and leaves those inside alone;
        its port is free again.
        """
        scene = openDoor(self)
        client, _ = await meet(self, scene)
        port = scene.port
        await scene.door.stopService()
        refused = deferToThread(socket.create_connection, ("127.0.0.1", port))
        await self.assertFailure(refused, ConnectionRefusedError)
        await deferToThread(client.sendall, b"hello")
        self.assertEqual(await deferToThread(client.recv, 100), b"hello")
        self.make(port).startService()

    async def test_close(self) -> None:
        """
        To close the door ends every connection with a farewell, also one in
        handshake.
        """
        scene = openDoor(self)
        client, servant = await meet(self, scene)
        silent = await deferToThread(
            socket.create_connection, ("127.0.0.1", scene.port)
        )
        self.addCleanup(silent.close)

        def read() -> bytes:
            with client:
                return readAll(client)

        reading = deferToThread(read)
        await scene.door.close()
        self.assertEqual(await reading, b"")
        self.assertEqual(scene.door.house.connections, 0)
        await servant.ended.wait()
        await scene.door.close()

    async def test_closeBounded(self) -> None:
        """
        A visitor that ignores the farewell, before a server that ignores it
        too, does not hold up the end.
        """
        clock = Clock()
        scene = openDoor(self, Deaf, clock=clock)
        await meet(self, scene)
        closed = scene.door.close()
        clock.advance(Limits().farewellSeconds - 0.1)
        self.assertNoResult(closed)
        clock.advance(0.1)
        await closed
        self.assertEqual(scene.door.house.connections, 0)

    async def test_closed(self) -> None:
        """
        Nobody gets in any more at a door that is closed.
        """
        scene = openDoor(self)
        await scene.door.close()
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            await deferToThread(connect, scene.port, clientContext())
        (event,) = scene.refusals()
        self.assertIn("shutting down", event["cause"])
        self.assertEqual(self.flushLoggedErrors(), [])
