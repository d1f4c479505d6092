"""
One connection to a server: its channel, and the calls that it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import TypeVar

import grpc
from attrs import define, field

from .addresses import Address
from .channels import (
    PATIENCE,
    SILENCE,
    metadataOf,
    named,
    optionsFor,
    serialize,
    shown,
    silent,
    translated,
)
from .credentials import Credentials
from .failures import Unreachable
from .questions import Inquiry, Question
from .watching import Watchdog

_Answer = TypeVar("_Answer")


@define(eq=False)
class Connection:
    """
    Calls over one channel, each with the token.
    """

    _channel: grpc.Channel
    _metadata: tuple[tuple[str, str], ...] = field(repr=False)
    _patience: float = PATIENCE
    _silence: float = SILENCE
    _clock: Callable[[], float] = monotonic

    @classmethod
    def open(
        cls,
        address: Address,
        credentials: Credentials,
        token: str,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> Connection:
        """
        Make a connection, which is set up when it is first needed.

        @param patience: Seconds within which an answer must come.

        @param silence: Seconds without even a heartbeat, where there must be
            some, after which it counts as L{Unreachable}.
        """
        channel = grpc.secure_channel(
            str(address), shown(credentials), options=optionsFor(address)
        )
        return cls(channel, metadataOf(token), patience, silence)

    def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask what is answered soon.
        """
        return self.wait(question, self._patience + question.longer)

    def wait(self, question: Question[_Answer], limit: float | None) -> _Answer:
        """
        Ask what is answered when it is time.

        @param limit: Seconds that it may take; C{None} for any time.
        """
        call = self._channel.unary_unary(
            named(question.method),
            request_serializer=serialize,
            response_deserializer=question.parse,
        )
        with translated():
            answer = call(question.request, timeout=limit, metadata=self._metadata)
        return question.meaning(answer)

    def follow(self, inquiry: Inquiry[_Answer]) -> Iterator[_Answer]:
        """
        Ask what is answered again and again.  Nothing is fetched that is not
        asked for.
        """
        start = self._channel.unary_stream(
            named(inquiry.method),
            request_serializer=serialize,
            response_deserializer=inquiry.parse,
        )
        with translated():
            call = start(inquiry.request, metadata=self._metadata)
        try:
            if inquiry.beats:
                watchdog = Watchdog(self._silence, call.cancel, self._clock)
                yield from _watched(call, watchdog)
            else:
                with translated():
                    yield from call
        finally:
            call.cancel()

    def close(self) -> None:
        """
        End the connection, and with it every call.
        """
        self._channel.close()


def _watched(call: Iterator[_Answer], watchdog: Watchdog) -> Iterator[_Answer]:
    """
    Take answers for as long as there are some, or heartbeats at least.
    """
    with watchdog.awake():
        while True:
            try:
                with watchdog.waiting(), translated():
                    answer = next(call, None)
            except Unreachable:
                if watchdog.fired:
                    raise silent(watchdog.patience) from None
                raise
            if answer is None:
                return
            yield answer
