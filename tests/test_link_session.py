"""
What is sent to a supervisor and what waits to be sent, without sockets.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.internet.address import UNIXAddress
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import supervisor_pb2 as pb
from jobworker.jobs import Command
from jobworker.link.conversing import pack
from jobworker.link.framing import LONGEST, Deframer, frame
from jobworker.link.outbox import Outbox
from jobworker.link.peers import Peer
from jobworker.link.serving import SessionFactory
from jobworker.link.session import Session
from tests.jobscripts import Script
from tests.memoryroster import MemoryRoster

from .contracts import exampleRecord

HELLO = pack("hello", pb.Hello(oldest=1, newest=1))

_texts = st.sampled_from([b"", b"\xff", b"true", exampleRecord().identifier.encode()])
_numbers = st.integers(0, 2**64 - 1)

#: Requests that are well formed, and mean anything or nothing.
requests = st.one_of(
    st.builds(pb.Request, number=_numbers),
    st.builds(
        pb.Request,
        number=_numbers,
        start=st.builds(
            pb.Start, command=st.builds(pb.Command, program=_texts), owner=_texts
        ),
    ),
    st.builds(
        pb.Request,
        number=_numbers,
        stop=st.builds(
            pb.Stop,
            identifier=_texts,
            by=_texts,
            manner=st.builds(pb.Manner, signal=st.integers(-5, 70), grace=st.floats()),
        ),
    ),
    st.builds(pb.Request, find=st.builds(pb.Find, identifier=_texts)),
    st.builds(pb.Request, delete=st.builds(pb.Delete, identifier=_texts)),
    st.builds(
        pb.Request,
        search=st.builds(pb.Search, prefix=_texts, limit=st.integers(-5, 2000)),
    ),
    st.builds(
        pb.Request,
        signal=st.builds(pb.Signal, identifier=_texts, number=st.integers(-5, 70)),
    ),
    st.builds(
        pb.Request,
        read_changes=st.builds(
            pb.ReadChanges,
            since=st.none()
            | st.builds(
                pb.JournalPlace,
                journal=st.just(b"0" * 32) | _texts,
                revision=st.integers(-1, 3),
            ),
            limit=st.integers(-1, 1001),
        ),
    ),
    st.builds(pb.Request, describe=st.builds(pb.Describe)),
    st.builds(pb.Request, subscribe=st.builds(pb.Subscribe)),
    st.builds(pb.Request, follow=st.builds(pb.Follow, identifier=_texts)),
    st.builds(pb.Request, unfollow=st.builds(pb.Unfollow, identifier=_texts)),
)

#: What may come through the socket.
pieces = st.one_of(
    st.binary(max_size=40),
    st.binary(min_size=1, max_size=40).map(frame),
    requests.map(lambda request: pack("request", request)),
    st.just(HELLO),
)


class SessionTests(SynchronousTestCase):
    """
    A supervisor takes what it is sent.
    """

    def setUp(self) -> None:
        """
        Make a roster, and the means to connect to it.
        """
        self.clock = Clock()
        self.roster = MemoryRoster(self.clock, {Command("true"): Script(writes=1.0)})
        self.factory = SessionFactory(
            self.clock,
            self.roster,
            frozenset({0}),
            identify=lambda transport: Peer(1, 0, 0),
        )

    def connect(self) -> tuple[Session, StringTransport]:
        """
        Connect a gateway.
        """
        session = self.factory.buildProtocol(UNIXAddress(b""))
        transport = StringTransport()
        session.makeConnection(transport)
        return session, transport

    def lose(self, session: Session) -> None:
        """
        Lose the connection.
        """
        session.connectionLost()
        self.clock.advance(0)

    @given(st.lists(pieces, max_size=8), st.booleans())
    def test_anything(self, sent: list[bytes], greets: bool) -> None:
        """
        Whatever comes, answers are well formed, and nothing is left when the
        connection is lost.
        """
        session, transport = self.connect()
        for data in [HELLO, *sent] if greets else sent:
            session.dataReceived(data)
        self.clock.advance(1)
        for message in Deframer().feed(transport.value()):
            pb.Envelope.FromString(message)
        self.lose(session)
        self.assertEqual(self.factory.sessions, set())
        self.assertEqual(sum((+self.roster.followed).values()), 0)
        self.assertEqual(self.roster._audience._listeners, [])

    def test_silence(self) -> None:
        """
        Who does not greet is disconnected after a while.
        """
        session, transport = self.connect()
        self.clock.advance(9.9)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(0.2)
        self.assertTrue(transport.disconnected)
        self.lose(session)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_growthWhilePaused(self) -> None:
        """
        Growth is told in one message to who reads late, and before the change
        that came after it.
        """
        session, transport = self.connect()
        record = exampleRecord()
        identifier = record.identifier.encode()
        follow = pb.Request(follow=pb.Follow(identifier=identifier))
        session.dataReceived(HELLO + pack("request", follow))
        subscribe = pb.Request(number=1, subscribe=pb.Subscribe())
        session.dataReceived(pack("request", subscribe))
        transport.clear()
        assert transport.producer is not None
        transport.producer.pauseProducing()
        for _ in range(10):
            self.roster.grow(record.identifier)
            self.clock.advance(0)
        self.roster.put(record)
        self.assertEqual(transport.value(), b"")
        transport.producer.resumeProducing()
        events = [
            pb.Envelope.FromString(message).event
            for message in Deframer().feed(transport.value())
        ]
        self.assertEqual(
            [event.WhichOneof("what") for event in events], ["grew", "changed"]
        )
        self.assertEqual([*events[0].grew.identifiers], [identifier])
        self.lose(session)

    def answerUnspeakably(self, pauses: bool) -> None:
        """
        Ask for a job that no message has room for, and see what is answered.

        @param pauses: Whether the gateway reads only after it was answered.
        """
        session, transport = self.connect()
        command = Command("x" * (LONGEST + 1))
        self.roster.put(exampleRecord(command=command))
        find = pb.Find(identifier=exampleRecord().identifier.encode())
        session.dataReceived(HELLO)
        transport.clear()
        assert transport.producer is not None
        if pauses:
            transport.producer.pauseProducing()
        session.dataReceived(pack("request", pb.Request(number=7, find=find)))
        transport.producer.resumeProducing()
        (message,) = Deframer().feed(transport.value())
        answer = pb.Envelope.FromString(message).answer
        self.assertEqual(
            (answer.number, answer.failure.kind), (7, pb.Failure.UNEXPECTED)
        )
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.lose(session)

    def test_unspeakable(self) -> None:
        """
        Where the answer cannot be sent, that is the answer.
        """
        self.answerUnspeakably(False)

    def test_unspeakableWhilePaused(self) -> None:
        """
        It is the answer, too, where the gateway reads late.
        """
        self.answerUnspeakably(True)

    def test_forgotten(self) -> None:
        """
        A gateway hears of jobs that were deleted if it has said that it
        understands that.
        """
        for capabilities, heard in (([], []), (["forgetting"], [b"1-2-3"])):
            session, transport = self.connect()
            hello = pb.Hello(oldest=1, newest=1, capabilities=capabilities)
            subscribe = pb.Request(number=1, subscribe=pb.Subscribe())
            session.dataReceived(pack("hello", hello) + pack("request", subscribe))
            transport.clear()
            session.jobForgotten("1-2-3")
            self.assertEqual(
                [
                    pb.Envelope.FromString(message).event.forgotten.identifier
                    for message in Deframer().feed(transport.value())
                ],
                heard,
            )
            self.lose(session)


class OutboxTests(SynchronousTestCase):
    """
    What waits for a reader waits in order, and not without end.
    """

    def setUp(self) -> None:
        """
        Make an outbox for three.
        """
        self.transport = StringTransport()
        self.full: list[None] = []
        self.outbox = Outbox(self.transport, lambda: self.full.append(None), 3)

    def test_order(self) -> None:
        """
        What comes late goes behind what waits.
        """
        self.outbox.put(lambda: b"1")
        self.outbox.pauseProducing()
        self.outbox.put(lambda: b"2")
        self.outbox.put(lambda: b"3")
        self.assertEqual(self.transport.value(), b"1")
        self.outbox.resumeProducing()
        self.outbox.put(lambda: b"4")
        self.assertEqual(self.transport.value(), b"1234")

    def test_full(self) -> None:
        """
        When too much waits that is said once, and everything is forgotten.
        """
        self.outbox.pauseProducing()
        for _ in range(10):
            self.outbox.put(lambda: b"x")
        self.assertEqual(len(self.full), 1)
        self.outbox.resumeProducing()
        self.outbox.put(lambda: b"x")
        self.assertEqual(self.transport.value(), b"")
