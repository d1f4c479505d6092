"""
Both ends of the socket between a gateway and a supervisor, for tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from typing import Any, Final

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import UNIXClientEndpoint, connectProtocol
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.link.conversing import IUNIXStream, pack
from jobworker.link.framing import Deframer
from jobworker.link.remote import RemoteRoster
from jobworker.link.serving import SessionFactory
from tests.jobscripts import SCRIPTS
from tests.memoryroster import MemoryRoster

reactor: Any = _reactor

US: Final = frozenset({os.getuid()})


class Supervision:
    """
    A supervisor's end of a socket, with a roster that can be played with.

    @ivar path: The socket.
    @ivar roster: What is behind it.
    @ivar factory: The end itself.
    """

    def __init__(self, case: TestCase) -> None:
        self.directory = tempfile.mkdtemp(dir="/tmp")
        case.addCleanup(shutil.rmtree, self.directory)
        self.path = os.path.join(self.directory, "socket")
        self.roster = MemoryRoster(reactor, SCRIPTS)
        self.port: IListeningPort | None = None
        case.addCleanup(self.roster.close)
        case.addCleanup(self.close)
        self._waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []

    def listen(self, **changes: Any) -> None:
        """
        Take gateways in.
        """
        permitted = changes.pop("permitted", US)
        kind = changes.pop("kind", SessionFactory)
        self.factory = kind(reactor, self.roster, permitted, self._changed, **changes)
        self.port = reactor.listenUNIX(self.path, self.factory, mode=0o600)

    async def close(self) -> None:
        """
        Take nobody in, and hang up.
        """
        if self.port is not None:
            port, self.port = self.port, None
            stopping = port.stopListening()
            assert stopping is not None
            await stopping
            self.hangUp()
            await self.until(lambda: not self.factory.sessions)

    def hangUp(self) -> None:
        """
        Lose all connections.
        """
        for session in self.factory.sessions:
            session.transport.abortConnection()

    def until(self, fact: Callable[[], bool]) -> Deferred[None]:
        """
        Wait for something about the gateways that are connected.
        """
        done: Deferred[None] = Deferred()
        self._waiting.append((fact, done))
        self._changed()
        return done

    def _changed(self) -> None:
        ready = [each for each in self._waiting if each[0]()]
        self._waiting = [each for each in self._waiting if each not in ready]
        for _, done in ready:
            done.callback(None)


def makeRemote(case: TestCase, path: str, **changes: Any) -> RemoteRoster:
    """
    Make a gateway's end that connects.
    """
    remote = RemoteRoster(reactor, UNIXClientEndpoint(reactor, path), **changes)
    case.addCleanup(remote.close)
    remote.open()
    return remote


class RawGateway(Protocol):
    """
    Somebody who sends what he likes.

    @ivar gone: Fires when the connection is lost.
    @ivar heard: What was sent to him.
    """

    transport: IUNIXStream

    def __init__(self) -> None:
        self.gone: Deferred[None] = Deferred()
        self.heard = b""

    def dataReceived(self, data: bytes) -> None:
        """
        Keep it.
        """
        self.heard += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """
        Say so.
        """
        self.gone.callback(None)

    def messages(self) -> list[pb.Envelope]:
        """
        Read what was sent to him.
        """
        return [*map(pb.Envelope.FromString, Deframer().feed(self.heard))]


async def connectRaw(path: str) -> RawGateway:
    """
    Connect somebody who sends what he likes.
    """
    gateway = RawGateway()
    await connectProtocol(UNIXClientEndpoint(reactor, path), gateway)
    return gateway


HELLO: Final = pack("hello", pb.Hello(oldest=1, newest=1))

#: What no gateway says.
NONSENSE: Final = {
    "http": b"GET / HTTP/1.1\r\n\r\n",
    "too long": b"\xff\xff\xff\xff",
    "empty": b"\0\0\0\0",
    "no message": b"\0\0\0\3\xff\xff\xff",
    "unknown message": b"\0\0\0\3\x7a\1\0",
    "no greeting": pack("request", pb.Request(number=1, subscribe=pb.Subscribe())),
    "greeting twice": HELLO + HELLO,
    "an answer": HELLO + pack("answer", pb.Answer(number=1)),
    "an event": HELLO + pack("event", pb.Event()),
    "request for nothing": HELLO + pack("request", pb.Request(number=1)),
    "unknown request": HELLO + b"\0\0\0\5\x1a\3\x7a\1\0",
    "bad text": HELLO
    + pack("request", pb.Request(number=1, find=pb.Find(identifier=b"\xff"))),
    "long owner": HELLO
    + pack("request", pb.Request(number=1, start=pb.Start(owner=b"x" * 2**17))),
    "bad manner": HELLO
    + pack(
        "request",
        pb.Request(
            number=1,
            stop=pb.Stop(
                identifier=b"00000000-0000-4000-8000-000000000000",
                manner=pb.Manner(signal=-1),
            ),
        ),
    ),
    "subscribed twice": HELLO
    + 2 * pack("request", pb.Request(number=1, subscribe=pb.Subscribe())),
}
