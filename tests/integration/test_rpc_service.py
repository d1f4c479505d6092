"""
The life of the gRPC server.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from grpc import StatusCode as Code

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from jobworker.access.tokens import ISSUER, TokenVerifier
from jobworker.api import worker_pb2 as pb
from jobworker.errors import BadConfiguration, ShuttingDown
from jobworker.jobs import Command, Record, Source
from jobworker.rpc.server import OPTIONS
from jobworker.rpc.service import RPCService
from jobworker.rpc.settings import Settings
from tests.contracts import exampleRecord
from tests.rpc import RPCTestCase, methodOf, peerNamed, reactor
from tests.tokens import NOW, OTHER_KEY, PUBLIC_PEM, claiming, signedAsES256

ROOT = Path(__file__).parent.parent.parent


class HurryTests(RPCTestCase):
    """
    It does not wait for ever.
    """

    settings = Settings(grace=0.01)

    async def test_never(self) -> None:
        """
        A call that is not answered within the grace is told to go elsewhere,
        and a follower that does not read is left.
        """
        asked: Deferred[None] = Deferred()

        def start(_: object, command: Command, owner: str) -> Deferred[Record]:
            asked.callback(None)
            return Deferred()

        self.patch(self.roster.__class__, "start", start)
        job = self.put(exampleRecord(), [(Source.STDOUT, b"x" * 20_000_000)])
        stream = methodOf(self.alice, "ReadLog")(
            pb.ReadRequest(job=job), timeout=20, metadata=(("token", claiming()),)
        )
        await deferToThread(next, stream)
        calling = self.call("StartJob", pb.Command(cmd="x"))
        await asked
        stopping = self.service.stopService()
        await self.assertCode(Code.UNAVAILABLE, calling)
        await stopping
        self.assertEqual(self.roster.followed[job.id], 0)


class LifeTests(RPCTestCase):
    """
    It starts, stops, and leaves nothing behind.
    """

    settings = Settings(grace=10.0)

    def threads(self) -> list[str]:
        """
        Find our threads.
        """
        return [each.name for each in threading.enumerate() if each.name == "grpc"]

    def another(self, directory: str) -> RPCService:
        """
        Make another server.
        """
        return RPCService(
            reactor,
            self.roster,
            TokenVerifier(PUBLIC_PEM, ISSUER, lambda: float(NOW)),
            self.peers,
            self.logs,
            os.path.join(directory, "grpc"),
            self.settings,
        )

    async def test_stop(self) -> None:
        """
        When it has stopped there is no thread, no socket, and nobody who
        listens to the roster.
        """
        self.assertEqual(self.threads(), ["grpc"])
        await self.service.stopService()
        self.assertEqual(self.threads(), [])
        self.assertFalse(os.path.exists(os.path.join(self.directory, "grpc")))
        self.assertEqual(self.roster._audience._listeners, [])
        await self.service.stopService()

    async def test_startAgain(self) -> None:
        """
        It can start again, and knows the jobs that run.
        """
        record = exampleRecord()
        job = self.put(record)
        await self.service.stopService()
        self.service.startService()
        await self.service.whenListening()
        answer = await self.call("QueryJob", job, channel=self.connect(self.peer()))
        self.assertEqual(answer.job, job)

    def peer(self) -> Any:
        """
        Make somebody who may call.
        """
        return peerNamed("alice")

    async def test_stopAtOnce(self) -> None:
        """
        It can be stopped before it listens; who waits for that is told.
        """
        directory = os.path.join(self.directory, "b")
        os.mkdir(directory, 0o700)
        service = self.another(directory)
        service.startService()
        waiting = service.whenListening()
        await service.stopService()
        await self.assertFails(ShuttingDown, waiting)

    async def test_notPrivate(self) -> None:
        """
        It does not listen where others could come in, or where it cannot.
        """
        directory = os.path.join(self.directory, "b")
        os.mkdir(directory, 0o700)
        os.chmod(directory, 0o710)
        service = self.another(directory)
        service.startService()
        await self.assertFails(BadConfiguration, service.whenListening())
        await service.stopService()
        os.chmod(directory, 0o700)
        os.makedirs(os.path.join(directory, "grpc", "x"))
        service.startService()
        await self.assertFails(OSError, service.whenListening())
        await service.stopService()

    async def test_longPath(self) -> None:
        """
        A path that is too long for a socket is said to be wrong.
        """
        directory = os.path.join(self.directory, "x" * 120)
        os.mkdir(directory, 0o700)
        service = self.another(directory)
        service.startService()
        await self.assertFails(BadConfiguration, service.whenListening())
        await service.stopService()

    async def test_staleSocket(self) -> None:
        """
        The socket of a server that died is replaced.
        """
        directory = os.path.join(self.directory, "b")
        os.mkdir(directory, 0o700)
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(os.path.join(directory, "grpc"))
        service = self.another(directory)
        service.startService()
        await service.whenListening()
        await service.stopService()

    async def test_grace(self) -> None:
        """
        A call that is being answered when the service stops still is; new
        ones are refused.
        """
        asked: Deferred[None] = Deferred()
        answer: Deferred[Record] = Deferred()

        class SlowRoster:
            def start(self, command: Command, owner: str) -> Deferred[Record]:
                asked.callback(None)
                return answer

        self.patch(self.roster.__class__, "start", SlowRoster.start)
        calling = self.call("StartJob", pb.Command(cmd="x"))
        await asked
        stopping = self.service.stopService()
        error = await self.refused(self.call("QueryJob", pb.Job(id="x")))
        self.assertIs(error.code(), Code.UNAVAILABLE)
        answer.callback(exampleRecord())
        self.assertEqual((await calling).id, exampleRecord().identifier)
        await stopping

    async def test_cancelled(self) -> None:
        """
        When a caller gives up, what was asked of the roster is cancelled.
        """
        asked: Deferred[None] = Deferred()
        cancelled: Deferred[None] = Deferred()

        def find(_: object, identifier: str) -> Deferred[Record]:
            asked.callback(None)
            return Deferred(lambda _: cancelled.callback(None))

        self.patch(self.roster.__class__, "find", find)
        job = pb.Job(id=exampleRecord(5).identifier)
        future = methodOf(self.alice, "QueryJob").future(
            job, timeout=20, metadata=(("token", claiming()),)
        )
        await asked
        await deferToThread(future.cancel)
        await cancelled

    async def test_useVerifier(self) -> None:
        """
        The key that verifies tokens can be replaced while calls are answered.
        """
        job = self.put(exampleRecord())
        other = signedAsES256(OTHER_KEY)
        await self.assertCode(Code.PERMISSION_DENIED, self.call("QueryJob", job, other))
        pem = OTHER_KEY.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        self.service.useVerifier(TokenVerifier(pem, ISSUER, lambda: float(NOW)))
        self.assertEqual((await self.call("QueryJob", job, other)).job, job)
        await self.assertCode(Code.PERMISSION_DENIED, self.call("QueryJob", job))

    async def assertFails(
        self, error: type[Exception], waiting: Deferred[None]
    ) -> None:
        """
        Wait for something to fail.
        """
        try:
            await waiting
        except error:
            return
        self.fail(f"there was no {error.__name__}")

    def test_options(self) -> None:
        """
        The server's figures are those that clients were promised.
        """
        for name, value in (
            ("grpc.max_receive_message_length", 4 * 2**20),
            ("grpc.max_concurrent_streams", 1000),
            ("grpc.keepalive_time_ms", 60_000),
            ("grpc.keepalive_timeout_ms", 180_000),
            ("grpc.keepalive_permit_without_calls", 1),
        ):
            self.assertEqual(dict(OPTIONS)[name], value)
        permitted = dict(OPTIONS)["grpc.http2.min_ping_interval_without_data_ms"]
        self.assertLessEqual(permitted, 60_000)

    def test_nothingBefore(self) -> None:
        """
        Before the service starts there is no thread and no descriptor, so
        that a process may fork.
        """
        script = (
            "import os\n"
            "def state():\n"
            "    threads = os.listdir('/proc/self/task')\n"
            "    return len(threads), sorted(os.listdir('/proc/self/fd'))\n"
            "before = state()\n"
            "from jobworker.rpc.service import RPCService\n"
            "service = RPCService(None, None, None, None, '/x', '/y')\n"
            "assert state() == before, (before, state())\n"
        )
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            check=True,
            timeout=20,
            capture_output=True,
        )
