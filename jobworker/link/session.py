"""
One gateway, as the supervisor talks to it.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from functools import partial
from typing import Final

from zope.interface import implementer

from attrs import field, frozen

from twisted.internet.interfaces import IReactorTime, ITransport
from twisted.python.failure import Failure

from ..api import supervisor_pb2 as pb
from ..crashing import crashPoint
from ..interfaces.roster import IRoster, IRosterListener
from ..jobs import Record
from .abilities import FORGETTING
from .answering import Result, answerOf
from .conversing import Conversation, pack
from .conversion import (
    BadMessage,
    convertRecord,
    decode,
    encode,
)
from .doing import Doing, do, isIdentifier
from .failing import convertFailure
from .greeting import Greeting, ourGreeting
from .outbox import MOST
from .peers import Peer, readPeer
from .wording import word, wordRecord

# The most requests of one gateway that are worked on at once, and the most
# jobs that it follows: far more than ours makes.
_REQUESTS: Final = 2**15


@frozen(eq=False)
class Terms:
    """
    What is the same for all gateways.

    @ivar permitted: The users whose gateways are taken in.
    @ivar began: Called when a gateway has greeted.
    @ivar gone: Called when a connection is lost, maybe one of somebody who
        never greeted.
    @ivar most: The messages that may wait for a gateway that does not read.
    """

    clock: IReactorTime
    roster: IRoster
    permitted: Set[int]
    began: Callable[[Session], None]
    gone: Callable[[Session], None]
    greeting: Greeting = field(factory=ourGreeting)
    most: int = MOST
    identify: Callable[[ITransport], Peer] = readPeer


@implementer(IRosterListener)
class Session(Conversation):
    """
    One gateway.

    @ivar peer: Who it is.
    @ivar _working: How many requests wait for their answer.
    @ivar _grown: The jobs whose growth was not told yet, in order.
    @ivar _scheduled: Whether L{_queueGrowth} will be called.
    @ivar _queued: Whether a message waits which will tell of C{_grown}.
    @ivar _reads: Whether it has read the journal since it was told that this
        grew.
    """

    peer: Peer

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms.clock, terms.greeting, terms.most)
        self._terms = terms
        self._roster = terms.roster
        self._subscribed = False
        self._working = 0
        self._followed: set[str] = set()
        self._grown: dict[str, None] = {}
        self._scheduled = False
        self._queued = False
        self._reads = False

    def connectionMade(self) -> None:
        """
        Find out who it is, and whether that may be.
        """
        self.peer = self._terms.identify(self.transport)
        super().connectionMade()
        if self.peer.uid not in self._terms.permitted:
            self.refuse(f"user {self.peer.uid} may not use this supervisor")

    def who(self) -> str:
        """
        Name the gateway.
        """
        return f"the gateway of pid {self.peer.pid} and uid {self.peer.uid}"

    def agreed(self, version: int) -> None:  # noqa: ARG002 - there is one
        """
        A gateway is there.
        """
        self.log.info("{who} is connected", who=self.who())
        self._terms.began(self)

    def heard(self, envelope: pb.Envelope) -> None:
        """
        Do what is asked.
        """
        kind = envelope.WhichOneof("message")
        if kind != "request":
            raise BadMessage(f"{kind} from a gateway")
        request = envelope.request
        what = request.WhichOneof("what")
        if what == "follow":
            self._follow(decode(request.follow.identifier))
        elif what == "unfollow":
            self._unfollow(decode(request.unfollow.identifier))
        else:
            if self._working >= _REQUESTS:
                raise BadMessage("too many requests at once")
            self._answer(request.number, self._do(what, request))

    def jobChanged(self, record: Record) -> None:
        """
        Tell the gateway, after what was told of growths.
        """
        crashPoint("link-event")
        self._queueGrowth()

        def tell() -> pb.Event:
            return pb.Event(changed=convertRecord(wordRecord(record, self.theirs)))

        self.put("event", tell)

    def jobForgotten(self, identifier: str | None) -> None:
        """
        Tell the gateway, if it understands that.
        """
        if self.theirs is not None and self.theirs.can(FORGETTING):
            which = None if identifier is None else encode(identifier)
            forgotten = pb.Forgotten(identifier=which)
            self.put("event", lambda: pb.Event(forgotten=forgotten))

    def logGrew(self, identifier: str) -> None:
        """
        Tell the gateway soon, together with the other growths.
        """
        if identifier not in self._followed:
            return
        self._grown[identifier] = None
        if not self._scheduled and not self._queued:
            self._scheduled = True
            self._clock.callLater(0, self._queueGrowth)

    def journalGrew(self) -> None:
        """
        Tell the gateway, if it has read the journal since the last time.
        """
        if self._reads:
            self._reads = False
            self.put("event", lambda: pb.Event(journal_grew=pb.JournalGrew()))

    def ended(self) -> None:
        """
        Take back what the gateway asked for.
        """
        if self._subscribed:
            self._roster.unsubscribe(self)
        for identifier in self._followed:
            self._roster.unfollow(identifier)
        self._followed.clear()
        self._grown.clear()
        self._terms.gone(self)

    def _do(self, what: str | None, request: pb.Request) -> Doing:
        """
        Begin what is to be answered.
        """
        roster = self._roster
        if what == "subscribe" and not self._subscribed:
            self._subscribed = True
            return roster.subscribe(self)
        if what == "read_changes":
            # What it is not told now, it is told of.
            self._reads = True
        crashPoint("link-asked")
        return do(roster, request)

    def _answer(
        self,
        number: int,
        doing: Doing,
    ) -> None:
        """
        Answer when it is done.
        """
        self._working += 1

        def done(result: Result) -> None:
            if result is not None:
                crashPoint("link-answer")
            self._say(number, lambda: answerOf(number, word(result, self.theirs)))

        def failed(failure: Failure) -> None:
            said = convertFailure(failure.value)
            if said is None:
                self.log.failure("while working for {who}", failure, who=self.who())
                said = pb.Failure(kind=pb.Failure.UNEXPECTED)
            self._say(number, partial(pb.Answer, number=number, failure=said))

        doing.addCallbacks(done, failed)
        doing.addErrback(lambda failure: self.log.failure("while answering", failure))

    def _say(self, number: int, make: Callable[[], pb.Answer]) -> None:
        """
        Send an answer, or that there is none that can be sent.
        """

        def makePacked() -> bytes:
            try:
                return pack("answer", make())
            except Exception:  # noqa: BLE001 - whatever it is, somebody waits
                self.log.failure("while answering {who}", who=self.who())
                said = pb.Failure(kind=pb.Failure.UNEXPECTED)
                return pack("answer", pb.Answer(number=number, failure=said))

        self._working -= 1
        self._queueGrowth()
        self._outbox.put(makePacked)

    def _follow(self, identifier: str) -> None:
        """
        Follow a job, once however often it is said.
        """
        if identifier in self._followed or not isIdentifier(identifier):
            return
        if len(self._followed) >= _REQUESTS:
            raise BadMessage("too many jobs followed at once")
        self._followed.add(identifier)
        self._roster.follow(identifier)

    def _unfollow(self, identifier: str) -> None:
        """
        Follow a job no more.
        """
        if identifier in self._followed:
            self._followed.remove(identifier)
            self._grown.pop(identifier, None)
            self._roster.unfollow(identifier)

    def _queueGrowth(self) -> None:
        """
        Have it told which logs have grown, in one message however long that
        waits.
        """
        self._scheduled = False
        if self._grown and not self._queued:
            self._queued = True
            self.put("event", self._makeGrowth)

    def _makeGrowth(self) -> pb.Event:
        """
        Say which logs have grown up to now.
        """
        self._queued = False
        grown, self._grown = self._grown, {}
        return pb.Event(grew=pb.Growth(identifiers=map(encode, grown)))
