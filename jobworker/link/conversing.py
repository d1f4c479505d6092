"""
What both ends of the socket do alike: greet, send and take messages, and
close the connection to somebody who talks nonsense.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from google.protobuf.message import DecodeError, Message

from twisted.internet.interfaces import (
    IConsumer,
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    ITCPTransport,
)
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from ..api import supervisor_pb2 as pb
from .conversion import BadMessage, decode, encode
from .framing import BadFrame, Deframer, frame
from .greeting import Greeting, Misfit, agree, convertGreeting, unconvertGreeting
from .outbox import MOST, Outbox

# Seconds that the other side has to greet, or to take a refusal.
_PATIENCE: Final = 10.0


def pack(kind: str, message: Message) -> bytes:
    """
    Make what goes over the socket.

    @param kind: The name of a field of C{Envelope}.

    @raise ValueError: If the message is too long.
    """
    envelope = pb.Envelope(**{kind: message})  # type: ignore[arg-type]
    return frame(envelope.SerializeToString())


class IUNIXStream(ITCPTransport, IConsumer, IPushProducer):
    """
    What a connected unix socket of Twisted is.
    """


class Conversation(Protocol):
    """
    One connection between a gateway and a supervisor.

    Subclasses say what is done with messages, in the methods that do nothing
    here.

    @ivar theirs: What the other side said of itself; C{None} before it did.
    @ivar over: Whether nothing is said or heard any more.
    """

    log = Logger()

    transport: IUNIXStream

    theirs: Greeting | None = None
    over: bool = False

    _lost: bool = False
    _outbox: Outbox
    _deadline: IDelayedCall | None = None

    def __init__(
        self, clock: IReactorTime, greeting: Greeting, most: int = MOST
    ) -> None:
        self._clock = clock
        self._greeting = greeting
        self._most = most
        self._deframer = Deframer()

    def connectionMade(self) -> None:
        """
        Greet.
        """
        full = partial(self.drop, "it does not read what it is sent")
        self._outbox = Outbox(self.transport, full, self._most)
        self.transport.registerProducer(self._outbox, True)
        self._deadline = self._clock.callLater(
            _PATIENCE, self.drop, "it does not greet"
        )
        self.put("hello", partial(convertGreeting, self._greeting))

    def dataReceived(self, data: bytes) -> None:
        """
        Take messages.
        """
        if self.over:
            return
        try:
            for message in self._deframer.feed(data):
                self._take(pb.Envelope.FromString(message))
                if self.over:
                    return
        except Misfit as misfit:
            self.refuse(str(misfit))
        except (BadFrame, BadMessage) as error:
            self.drop(f"it sends nonsense: {error}")
        except DecodeError:
            self.drop("it sends nonsense: bytes that are no message")

    def connectionLost(
        self,
        reason: Failure = connectionDone,  # noqa: ARG002 - it says nothing
    ) -> None:
        """
        End it.
        """
        self._lost = True
        self._end()
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self.ended()

    def put(self, kind: str, make: Callable[[], Message]) -> None:
        """
        Send a message, which is made when it can be.
        """
        self._outbox.put(lambda: pack(kind, make()))

    def putPacked(self, data: bytes) -> None:
        """
        Send what L{pack} made.
        """
        self._outbox.put(lambda: data)

    def drop(self, why: str) -> None:
        """
        Close the connection at once, with one line in the log.
        """
        if not self.over:
            self.log.warn("{who} is disconnected: {why}", who=self.who(), why=why)
        self._end()
        self.transport.abortConnection()

    def refuse(self, why: str) -> None:
        """
        Say why this is not going on, and close the connection.
        """
        self.put("refusal", lambda: pb.Refusal(reason=encode(why)))
        self.refused(why)
        self.close()

    def close(self) -> None:
        """
        Close the connection when everything was sent.
        """
        self._end()
        if self._lost:
            return
        self.transport.unregisterProducer()
        self.transport.loseConnection()
        if self._deadline is not None and self._deadline.active():
            self._deadline.reset(_PATIENCE)
        else:
            self._deadline = self._clock.callLater(
                _PATIENCE, self.transport.abortConnection
            )

    def who(self) -> str:
        """
        Name the other side, for the log.
        """
        return "the other side" if self.theirs is None else f"pid {self.theirs.pid}"

    def agreed(self, version: int) -> None:
        """
        The other side has greeted, and a version is spoken.
        """

    def heard(self, envelope: pb.Envelope) -> None:
        """
        A message came, after the greeting.

        @raise BadMessage: If the other side may not send this.
        """

    def refused(self, why: str) -> None:
        """
        One side has refused to talk.
        """
        self.log.warn("{who} and we cannot talk: {why!r}", who=self.who(), why=why)

    def ended(self) -> None:
        """
        The connection is lost.
        """

    def _take(self, envelope: pb.Envelope) -> None:
        """
        See to the greeting, and pass the rest on.
        """
        kind = envelope.WhichOneof("message")
        if kind == "refusal":
            why = decode(envelope.refusal.reason)
            self.refused(why)
            self.close()
        elif self.theirs is None:
            if kind != "hello":
                raise BadMessage(f"{kind} before hello")
            self._meet(unconvertGreeting(envelope.hello))
        else:
            self.heard(envelope)

    def _meet(self, theirs: Greeting) -> None:
        """
        Find a version to speak.
        """
        self.theirs = theirs
        version = agree(self._greeting, theirs)
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self.agreed(version)

    def _end(self) -> None:
        """
        Say and hear nothing more.
        """
        self.over = True
        self._outbox.stopProducing()
