"""
A gRPC server with jobs in memory, and clients of it that have identities, for
tests.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count, islice
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any, TypeVar, cast

import grpc
from attrs import define, field
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.access.identity import Peer
from jobworker.access.peers import PeerBook
from jobworker.access.tokens import ISSUER, TokenVerifier
from jobworker.api import worker_pb2 as pb
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import Record
from jobworker.logs.layout import logPath
from jobworker.logs.spool import Spool, createSpool
from jobworker.milestones import Milestone
from jobworker.rpc.service import RPCService
from jobworker.rpc.settings import Settings
from tests.jobscripts import SCRIPTS
from tests.memoryroster import MemoryRoster
from tests.spools import Writes, extend
from tests.tokens import NOW, PUBLIC_PEM, claiming

reactor = cast(Any, _reactor)

SERVICE = pb.DESCRIPTOR.services_by_name["WorkerService"]

_T = TypeVar("_T")


@define(eq=False)
class _End(Protocol):
    """
    One end of a relayed connection.
    """

    made: Callable[[_End], None]
    transport: Any = None
    other: _End | None = None
    over: Milestone[None] = field(factory=Milestone)

    def connectionMade(self) -> None:
        """
        Tell whoever wants to know.
        """
        self.made(self)

    def dataReceived(self, data: bytes) -> None:
        """
        Pass it on.
        """
        assert self.other is not None
        self.other.transport.write(data)

    def connectionLost(self, reason: Any = None) -> None:
        """
        End the other end as well.
        """
        self.over.reach(None)
        if self.other is not None:
            self.other.transport.loseConnection()


@define(eq=False)
class Relay(Factory):
    """
    Does what the door does, without TLS: binds each connection to a name that
    stands for a peer.

    @ivar peer: Who is said to call; C{None} for somebody unknown.
    """

    peers: PeerBook
    target: str
    peer: Peer | None
    ends: list[_End] = field(factory=list)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """
        A client has come.
        """
        end = _End(self._came)
        self.ends.append(end)
        return end

    def close(self) -> Deferred[Any]:
        """
        End all connections.
        """
        for end in self.ends:
            end.transport.loseConnection()
        return gatherResults([end.over.wait() for end in self.ends])

    def _came(self, outside: _End) -> None:
        """
        Open the way to the server.
        """

        def opened(inside: _End) -> None:
            outside.other, inside.other = inside, outside
            inside.transport.registerProducer(outside.transport, True)
            outside.transport.registerProducer(inside.transport, True)

        inside = _End(opened)
        self.ends.append(inside)
        with socket.socket(socket.AF_UNIX) as way:
            name = "stranger" if self.peer is None else self.peers.enter(self.peer)
            way.bind(f"\0{name}")
            way.connect(self.target)
            way.setblocking(False)
            factory = Factory.forProtocol(lambda: inside)
            reactor.adoptStreamConnection(way.fileno(), socket.AF_UNIX, factory)


def peerNamed(*names: str) -> Peer:
    """
    Make somebody with a certificate.
    """
    return Peer("192.0.2.1:1234", frozenset(names), "00")


def methodOf(channel: grpc.Channel, name: str) -> Any:
    """
    Make what calls a method.
    """
    method = SERVICE.methods_by_name[name]
    kind = channel.unary_stream if method.server_streaming else channel.unary_unary
    return kind(
        f"/{SERVICE.full_name}/{name}",
        request_serializer=lambda message: (
            message if isinstance(message, bytes) else message.SerializeToString()
        ),
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )


class RPCTestCase(TestCase):
    """
    A test with a server.

    @cvar settings: What the server works by.
    """

    timeout = 30
    settings = Settings(grace=0.2, patience=5.0)

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Start a server.
        """
        self.directory = mkdtemp(dir="/tmp", prefix="jwrpc")
        self.addCleanup(rmtree, self.directory)
        self.logs = os.path.join(self.directory, "jobs")
        self.peers = PeerBook()
        self.service = RPCService(
            reactor,
            await self.makeRoster(),
            TokenVerifier(PUBLIC_PEM, ISSUER, lambda: float(NOW)),
            self.peers,
            self.logs,
            os.path.join(self.directory, "grpc"),
            self.settings,
        )
        self.service.startService()
        self.addCleanup(lambda: self.service.stopService())
        await self.service.whenListening()
        self.relays = 0
        self.alice = self.connect(peerNamed("alice"))

    async def makeRoster(self) -> IRoster:
        """
        Make the roster that the server is for.
        """
        self.roster = MemoryRoster(reactor, SCRIPTS)
        self.addCleanup(self.roster.close)
        return self.roster

    def connect(self, peer: Peer | None) -> grpc.Channel:
        """
        Connect to the server as somebody.
        """
        self.relays += 1
        path = os.path.join(self.directory, str(self.relays))
        relay = Relay(self.peers, os.path.join(self.directory, "grpc"), peer)
        port = reactor.listenUNIX(path, relay)
        self.addCleanup(relay.close)
        self.addCleanup(port.stopListening)
        channel = grpc.insecure_channel(
            f"unix:{path}", (("grpc.max_receive_message_length", -1),)
        )
        self.addCleanup(lambda: deferToThread(channel.close))
        return channel

    def call(
        self,
        name: str,
        request: Message | bytes,
        token: str | None = None,
        channel: grpc.Channel | None = None,
        metadata: Sequence[tuple[str, str | bytes]] | None = None,
        most: int | None = None,
    ) -> Deferred[Any]:
        """
        Call a method.

        @param metadata: What goes along, in place of the token.

        @param most: How many answers are taken at most.

        @return: A L{Deferred} firing with the answer, or with all answers
            where there may be many.
        """
        method = methodOf(channel or self.alice, name)
        if metadata is None:
            metadata = (("token", claiming() if token is None else token),)

        def answered() -> Any:
            answer = method(request, timeout=20, metadata=metadata)
            if not hasattr(answer, "__next__"):
                return answer
            try:
                return list(islice(answer, most))
            finally:
                answer.cancel()

        return deferToThread(answered)

    async def refused(self, calling: Awaitable[Any]) -> grpc.RpcError:
        """
        Wait for a call to be refused.
        """
        try:
            answer = await calling
        except grpc.RpcError as error:
            return error
        raise self.failureException(f"not refused, but {answer!r}")

    async def assertCode(
        self, code: grpc.StatusCode, calling: Awaitable[Any]
    ) -> grpc.RpcError:
        """
        Wait for a call to be refused with a code.
        """
        error = await self.refused(calling)
        self.assertIs(error.code(), code, error.details())
        return error

    def put(self, record: Record, writes: Writes = (), seal: bool = True) -> pb.Job:
        """
        Let there be a job with a log.
        """
        spool = self.begin(record)
        extend(spool, writes)
        if seal:
            spool.seal()
        spool.close()
        return pb.Job(id=record.identifier)

    def begin(self, record: Record) -> Spool:
        """
        Let there be a job with a log, which the test writes and closes.
        """
        path = logPath(self.logs, record.identifier)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        spool = createSpool(path, count(1).__next__)
        self.roster.put(record)
        return spool


def fieldsOf(error: grpc.RpcError) -> dict[str, str]:
    """
    Find which fields a status blames, and what it says of them.
    """
    for key, value in cast(Iterable[tuple[str, Any]], error.trailing_metadata() or ()):
        if key == "grpc-status-details-bin":
            status = Status.FromString(value)
            details = BadRequest()
            assert status.code == error.code().value[0]
            assert status.details[0].Unpack(details)
            return {each.field: each.description for each in details.field_violations}
    return {}
