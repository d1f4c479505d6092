"""
One connection to a server from an event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import grpc
from attrs import define, field

from ..addresses import Address
from ..channels import (
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
from ..credentials import Credentials
from ..failures import ClientClosed, Unreachable
from ..questions import Inquiry, Question

_Answer = TypeVar("_Answer")


@define(eq=False)
class AsyncConnection:
    """
    Calls over one channel, each with the token.

    A call ends when the task that waits for it is cancelled.

    @ivar users: How many calls have it, as somebody else counts them.
    """

    _channel: grpc.aio.Channel
    _metadata: tuple[tuple[str, str], ...] = field(repr=False)
    _patience: float = PATIENCE
    _silence: float = SILENCE
    users: int = field(default=0, init=False)
    _closed: bool = field(default=False, init=False)

    @classmethod
    def open(
        cls,
        address: Address,
        credentials: Credentials,
        token: str,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> AsyncConnection:
        """
        Make a connection, which is set up when it is first needed.  Call this
        in the event loop that it shall belong to.

        @param patience: Seconds within which an answer must come.

        @param silence: Seconds without even a heartbeat, where there must be
            some, after which it counts as L{Unreachable}.
        """
        channel = grpc.aio.secure_channel(
            str(address), shown(credentials), options=optionsFor(address)
        )
        return cls(channel, metadataOf(token), patience, silence)

    async def ask(self, question: Question[_Answer]) -> _Answer:
        """
        Ask what is answered soon.
        """
        return await self.wait(question, self._patience + question.longer)

    async def wait(self, question: Question[_Answer], limit: float | None) -> _Answer:
        """
        Ask what is answered when it is time.

        @param limit: Seconds that it may take; C{None} for any time.
        """
        with self._translated():
            answer = await self._channel.unary_unary(
                named(question.method),
                request_serializer=serialize,
                response_deserializer=question.parse,
            )(question.request, timeout=limit, metadata=self._metadata)
        return question.meaning(answer)

    async def follow(self, inquiry: Inquiry[_Answer]) -> AsyncGenerator[_Answer, None]:
        """
        Ask what is answered again and again.  Nothing is fetched that is not
        asked for.
        """
        with self._translated():
            call = self._channel.unary_stream(
                named(inquiry.method),
                request_serializer=serialize,
                response_deserializer=inquiry.parse,
            )(inquiry.request, metadata=self._metadata)
        try:
            while True:
                with self._translated():
                    message = await self._next(call, inquiry.beats)
                if message is grpc.aio.EOF:
                    return
                yield message
        finally:
            call.cancel()

    async def close(self) -> None:
        """
        End the connection, and with it every call.
        """
        self._closed = True
        await self._channel.close()

    async def _next(self, call: Any, beats: bool) -> Any:
        """
        Wait for a message, or for a heartbeat at least.
        """
        if not beats:
            return await call.read()
        reading = asyncio.ensure_future(call.read())
        try:
            done, _ = await asyncio.wait({reading}, timeout=self._silence)
        finally:
            reading.cancel()
        if not done:
            raise silent(self._silence)
        return reading.result()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """
        Raise what is ours instead of what is gRPC's.
        """
        try:
            with translated():
                yield
        except (asyncio.CancelledError, Unreachable):
            # Both may come of a channel that somebody closes.
            if self._closed:
                raise ClientClosed("the client was closed") from None
            raise
