"""
Keeping account of calls: what was decided about each, and how it ended.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from time import perf_counter
from types import TracebackType
from typing import ClassVar, Final

from attrs import define, field

from twisted.logger import Logger

from ..access.calls import CURRENT, Call
from ..access.claims import BadToken
from ..access.decisions import Decision, IWitness
from ..access.identity import Caller, Peer
from ..errors import ShuttingDown, Unrecorded
from ..jobs import Command
from ..metering import IMeter, Unmetered
from .failures import Denied, Outcome, TooMany, outcomeOf

#: Methods that change something, so that the log has a word of them.
_CHANGING: Final = frozenset({"StartJob", "StopJob", "SignalJob", "DeleteJob"})

# How a call ends that nobody waits for any more.
_CANCELLED: Final = "CANCELLED"


@define(eq=False)
class Account:
    """
    The account of one call, while the context lasts.
    """

    _accounts: Accounts
    _service: str
    _method: str
    _call: Call
    _code: str = _CANCELLED
    _began: float = field(factory=perf_counter)

    def __enter__(self) -> Account:
        CURRENT.set(self._call)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._accounts.answered(
            self._service,
            self._method,
            self._code,
            perf_counter() - self._began,
            self._call,
        )

    def succeeded(self) -> None:
        """
        The call was answered.
        """
        self._code = "OK"

    def failed(self, error: Exception) -> Outcome:
        """
        The call is refused, or failed.

        Call this where the error is handled.

        @return: What the caller is told.
        """
        outcome = outcomeOf(error, self._call.method)
        if not self._call.decided:
            self._accounts.refuse(self._call, error, outcome)
        self.finished(outcome)
        return outcome

    def finished(self, outcome: Outcome) -> None:
        """
        The call ends with a status.
        """
        self._code = outcome.code.name


@define(eq=False)
class Accounts:
    """
    The accounts of all calls.

    @ivar _witness: Who is told of decisions, if anybody is.
    """

    log: ClassVar[Logger] = Logger()

    _witness: IWitness | None = None
    meter: IMeter = field(factory=Unmetered)
    _numbers: Callable[[], int] = field(factory=lambda: count(1).__next__, init=False)

    def open(self, service: str, method: str, name: str = "") -> Account:
        """
        Open the account of a call.

        @param method: Its name within the service.

        @param name: What people call it, if that is longer.
        """
        call = Call(name or method, self._numbers())
        return Account(self, service, method, call)

    def identified(self, peer: Peer) -> None:
        """
        It is known whose connection the call of this context came over.
        """
        call = CURRENT.get()
        if call is not None:
            call.peer = peer

    def about(self, job: str) -> None:
        """
        It is known which job the call of this context asks for.
        """
        call = CURRENT.get()
        if call is not None:
            call.job = job

    def recognised(self, caller: Caller) -> None:
        """
        It is known who makes the call of this context.
        """
        call = CURRENT.get()
        if call is not None:
            call.caller = caller

    def allow(self, command: Command | None = None) -> None:
        """
        The call of this context will be carried out.

        @param command: What it starts, if it does.

        @raise Unrecorded: If it must not be.
        """
        call = CURRENT.get()
        if call is None or call.decided:
            return
        if self._witness is not None:
            self._witness.decided(_decision(call, command=command))
        call.decided = True

    def refuse(self, call: Call, error: Exception, outcome: Outcome) -> None:
        """
        A call will not be carried out.

        @param outcome: What the caller is told.
        """
        call.decided = True
        if self._witness is not None:
            cause = _causeOf(error)
            self._witness.decided(_decision(call, cause, outcome.message))

    def started(self, job: str) -> None:
        """
        The call of this context has started a job.
        """
        call = CURRENT.get()
        if call is None:
            return
        call.job = job
        if self._witness is not None:
            self._witness.started(call.number, job)

    def answered(
        self, service: str, method: str, code: str, seconds: float, call: Call
    ) -> None:
        """
        A call has ended.
        """
        self.meter.called(service, method, code, seconds)
        if code == "OK" and call.method in _CHANGING:
            self.log.info(
                "{rpc} of job {job} by {caller!r} from {peer}",
                rpc=call.method,
                job=call.job,
                caller=call.caller.subject if call.caller else "",
                peer=call.peer.address if call.peer else "",
            )


def _decision(
    call: Call, cause: str = "", reason: str = "", command: Command | None = None
) -> Decision:
    """
    Write down what was decided about a call: that it is allowed, if there is
    no cause.
    """
    return Decision(
        not cause,
        call.method,
        cause,
        reason,
        call.peer.address if call.peer else "",
        call.peer,
        call.caller,
        call.number,
        call.job,
        command,
    )


def _causeOf(error: Exception) -> str:
    """
    Say in a word why a call is refused.
    """
    if isinstance(error, Denied):
        return error.cause
    words: dict[type[Exception], str] = {
        BadToken: "token",
        TooMany: "limit",
        ShuttingDown: "closing",
        Unrecorded: "audit",
    }
    # It asks for what there is not, or cannot be.
    return words.get(type(error), "request")
