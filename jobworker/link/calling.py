"""
The gateway's end of one connection to the supervisor.
"""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred, fail
from twisted.internet.interfaces import IReactorTime

from ..api import supervisor_pb2 as pb
from ..crashing import crashPoint
from ..interfaces.roster import IRosterListener
from ..milestones import Milestone
from .answering import Result, resultOf
from .conversing import Conversation, pack
from .conversion import BadMessage, decode, unconvertRecord
from .failing import unconvertFailure
from .greeting import Greeting

# The most requests that wait for their answers.
_MOST: Final = 10_000


class ConnectionBroken(Exception):
    """
    The connection was lost before the answer came.
    """


class TooBusy(Exception):
    """
    Too many requests wait for their answers already; this one was not sent.
    """


class Call(Conversation):
    """
    A connection to the supervisor.

    @ivar met: When it has greeted; C{False} if the connection was lost before.
    @ivar lost: When the connection is lost, with the reason that one side gave
        for it; C{None} without one.
    """

    def __init__(
        self, clock: IReactorTime, greeting: Greeting, listener: IRosterListener
    ) -> None:
        super().__init__(clock, greeting)
        self.met: Milestone[bool] = Milestone()
        self.lost: Milestone[str | None] = Milestone()
        self._listener = listener
        self._waiting: dict[int, Deferred[Result]] = {}
        self._last = 0
        self._why: str | None = None

    def who(self) -> str:
        """
        Name the supervisor.
        """
        pid = "" if self.theirs is None else f" (pid {self.theirs.pid})"
        return f"the supervisor{pid}"

    def ask(self, request: pb.Request) -> Deferred[Result]:
        """
        Send a request.

        @return: A L{Deferred} of what is answered.  To cancel it forgets the
            answer and takes nothing back.

        @raise ConnectionBroken: (asynchronously)

        @raise TooBusy: (asynchronously)

        @raise ValueError: If the request is too long.
        """
        if self.over:
            return fail(ConnectionBroken())
        if len(self._waiting) >= _MOST:
            return fail(TooBusy())
        number = self._last + 1
        request.number = number
        packed = pack("request", request)
        self._last = number

        def forget(_: object) -> None:
            self._waiting.pop(number, None)

        answer: Deferred[Result] = Deferred(forget)
        self._waiting[number] = answer
        crashPoint("gateway-ask")
        self.putPacked(packed)
        return answer

    def tell(self, request: pb.Request) -> None:
        """
        Send a request that is not answered.
        """
        self.putPacked(pack("request", request))

    def agreed(self, version: int) -> None:  # noqa: ARG002 - there is one
        """
        The supervisor is there.
        """
        self.met.reach(True)

    def heard(self, envelope: pb.Envelope) -> None:
        """
        Take answers and events.
        """
        kind = envelope.WhichOneof("message")
        if kind == "answer":
            self._answered(envelope.answer)
        elif kind == "event":
            self._happened(envelope.event)
        else:
            raise BadMessage(f"{kind} from a supervisor")

    def refused(self, why: str) -> None:
        """
        Keep the reason.
        """
        self._why = why

    def ended(self) -> None:
        """
        Release everybody who waits.
        """
        # Who is told may give up another question.
        while self._waiting:
            oldest = next(iter(self._waiting))
            self._waiting.pop(oldest).errback(ConnectionBroken())
        if not self.met.reached:
            self.met.reach(False)
        self.lost.reach(self._why)

    def _answered(self, answer: pb.Answer) -> None:
        """
        Pass an answer to who waits for it, if somebody still does.
        """
        what = answer.WhichOneof("what")
        if what is None or not 0 < answer.number <= self._last:
            raise BadMessage(f"answer {answer.number} to nothing that was asked")
        failure = unconvertFailure(answer.failure) if what == "failure" else None
        result = resultOf(answer)
        crashPoint("gateway-answered")
        waiting = self._waiting.pop(answer.number, None)
        if waiting is None:
            return
        if failure is not None:
            waiting.errback(failure)
        else:
            waiting.callback(result)

    def _happened(self, event: pb.Event) -> None:
        """
        Pass an event on.
        """
        crashPoint("gateway-told")
        what = event.WhichOneof("what")
        if what == "changed":
            self._listener.jobChanged(unconvertRecord(event.changed))
        elif what == "grew":
            for identifier in event.grew.identifiers:
                self._listener.logGrew(decode(identifier))
        elif what == "forgotten":
            which = event.forgotten
            known = which.HasField("identifier")
            self._listener.jobForgotten(decode(which.identifier) if known else None)
        elif what == "journal_grew":
            self._listener.journalGrew()
        else:
            raise BadMessage("an event without content")
