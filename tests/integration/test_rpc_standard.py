"""
Health checking and reflection, as standard tools use them.
"""

from __future__ import annotations

from typing import Any

import grpc
from google.protobuf.descriptor_pool import DescriptorPool
from grpc import StatusCode as Code
from grpc_health.v1 import health_pb2 as health
from grpc_health.v1.health_pb2_grpc import HealthStub
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from twisted.internet.defer import fail, succeed
from twisted.internet.threads import deferToThread

from jobworker.access.policy import OPEN
from jobworker.description import Description
from jobworker.errors import RosterUnreachable
from jobworker.rpc.health import NAME
from jobworker.rpc.reflection import NAMES
from tests.memoryroster import MemoryRoster
from tests.rpc import SERVICE, RPCTestCase

SERVING = health.HealthCheckResponse.SERVING
NOT_SERVING = health.HealthCheckResponse.NOT_SERVING
UNKNOWN = health.HealthCheckResponse.SERVICE_UNKNOWN


class StandardTests(RPCTestCase):
    """
    A certificate is enough to ask how the service is, and what it is like.
    """

    async def check(self, service: str = "", channel: Any = None) -> Any:
        """
        Ask for the health of a service.
        """
        stub = HealthStub(channel or self.alice)
        request = health.HealthCheckRequest(service=service)
        return (await deferToThread(stub.Check, request, timeout=20)).status

    async def watch(self, service: str = "") -> Any:
        """
        Begin to watch the health of a service.
        """
        request = health.HealthCheckRequest(service=service)
        return HealthStub(self.alice).Watch(request, timeout=20)

    async def test_policy(self) -> None:
        """
        The policy names all services that need no token, and no others.
        """
        self.assertEqual({NAME, *NAMES}, OPEN)

    async def test_serving(self) -> None:
        """
        A service that can start jobs serves; others are not known.
        """
        self.assertEqual(await self.check(), SERVING)
        self.assertEqual(await self.check(SERVICE.full_name), SERVING)
        await self.assertCode(Code.NOT_FOUND, self.check("nobody"))

    async def test_away(self) -> None:
        """
        Without its supervisor the service does not serve, and who watches is
        told when that changes.
        """
        away = [True]

        def describe(_: MemoryRoster) -> Any:
            return fail(RosterUnreachable("")) if away else succeed(Description())

        self.patch(MemoryRoster, "describe", describe)
        self.assertEqual(await self.check(), NOT_SERVING)
        watching = await self.watch()
        first = await deferToThread(next, watching)
        away.clear()
        second = await deferToThread(next, watching)
        self.assertEqual((first.status, second.status), (NOT_SERVING, SERVING))
        watching.cancel()

    async def test_watchUnknown(self) -> None:
        """
        Who watches an unknown service is told that it is.
        """
        watching = await self.watch("nobody")
        self.assertEqual((await deferToThread(next, watching)).status, UNKNOWN)
        watching.cancel()

    async def test_ending(self) -> None:
        """
        Who watches is told when the service ends.
        """
        watching = await self.watch()
        self.assertEqual((await deferToThread(next, watching)).status, SERVING)
        rest = deferToThread(lambda: [each.status for each in watching])
        await self.service.stopService()
        await self.assertCode(Code.UNAVAILABLE, rest)

    async def test_reflection(self) -> None:
        """
        A tool that knows nothing finds the services and their messages.
        """

        def explore() -> Any:
            database = ProtoReflectionDescriptorDatabase(self.alice)
            pool = DescriptorPool(database)
            found = pool.FindServiceByName(SERVICE.full_name)
            return set(database.get_services()), set(found.methods_by_name)

        services, methods = await deferToThread(explore)
        self.assertEqual(services, {SERVICE.full_name, NAME, NAMES[0]})
        self.assertEqual(methods, set(SERVICE.methods_by_name))

    async def test_strangers(self) -> None:
        """
        Without a certificate nothing is told.
        """
        stranger = self.connect(None)
        await self.assertCode(Code.PERMISSION_DENIED, self.check(channel=stranger))
        for name in NAMES:
            await self.assertCode(
                Code.PERMISSION_DENIED, self.reflect(name, b"", stranger)
            )

    async def test_nonsense(self) -> None:
        """
        What is no question is refused; in all names of reflection alike.
        """
        for name in NAMES:
            await self.assertCode(
                Code.INVALID_ARGUMENT, self.reflect(name, b"\xff", self.alice)
            )
            self.assertEqual(len(await self.reflect(name, b"", self.alice)), 1)
        call = self.alice.unary_unary(f"/{NAME}/Check")
        await self.assertCode(
            Code.INVALID_ARGUMENT, deferToThread(call, b"\xff", timeout=20)
        )

    def reflect(self, name: str, data: bytes, channel: grpc.Channel) -> Any:
        """
        Ask for reflection with one message.
        """
        call = channel.stream_stream(f"/{name}/ServerReflectionInfo")
        return deferToThread(lambda: [*call(iter([data]), timeout=20)])
