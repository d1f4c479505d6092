"""
The border to gRPC: calls come in as bytes and a context, and go out as bytes
or a status.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final, TypeAlias

import grpc
import grpc.aio
from attrs import frozen
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from .accounts import Accounts
from .failures import DETAILS, Outcome, detailsOf
from .gate import Gate
from .pace import Pace
from .parsing import BadRequest

SERVICE: Final = pb.DESCRIPTOR.services_by_name["WorkerService"]

# Streams that keep nobody waiting.
_FEW: Final = 4

#: Sends one message of a stream, and waits while the other end is slow.
Writing: TypeAlias = Callable[[bytes], Awaitable[None]]

#: Answers a call once.
Answering: TypeAlias = Callable[[Any, Caller], Awaitable[Message]]

#: Answers a call with a stream.
Streaming: TypeAlias = Callable[[Any, Caller, Writing], Awaitable[None]]


@frozen
class _Method:
    """
    A method of the service.

    The request is parsed here and not by gRPC, so that nobody's bytes are
    looked at before it is known who sent them.
    """

    name: str
    request: type[Message]
    gate: Gate
    pace: Pace

    async def answer(
        self, behaviour: Answering, data: bytes, context: grpc.aio.ServicerContext
    ) -> bytes:
        """
        Answer a call once.
        """
        with self.gate.accounts.open(SERVICE.full_name, self.name) as account:
            try:
                caller = self._admit(context)
                with self.gate.call():
                    answer = await behaviour(self._parse(data), caller)
                account.succeeded()
                return answer.SerializeToString()
            # Whatever went wrong stops here: the table says what becomes of it.
            except Exception as error:  # noqa: BLE001
                outcome = account.failed(error)
            return await refuse(outcome, context)

    async def stream(
        self, behaviour: Streaming, data: bytes, context: grpc.aio.ServicerContext
    ) -> None:
        """
        Answer a call with a stream.
        """
        with self.gate.accounts.open(SERVICE.full_name, self.name) as account:
            try:
                caller = self._admit(context)
                write = _counted(context.write, self.gate.accounts, self.name)
                write = self._paced(write, caller.subject)
                with self.gate.call(), self.gate.follower(caller):
                    await behaviour(self._parse(data), caller, write)
                account.succeeded()
                return
            # It could not be written, because nobody is there any more.
            except grpc.aio.InternalError:
                raise CancelledError from None
            except Exception as error:  # noqa: BLE001
                outcome = account.failed(error)
            await refuse(outcome, context)

    def _paced(self, write: Writing, subject: str) -> Writing:
        """
        Have others go on between what is sent, if it is sent to many.
        """

        async def writeInTurn(data: bytes) -> None:
            await self.pace.step(subject)
            await write(data)

        def writePaced(data: bytes) -> Awaitable[None]:
            few = self.gate.following <= _FEW
            return write(data) if few else writeInTurn(data)

        return writePaced

    def _admit(self, context: grpc.aio.ServicerContext) -> Caller:
        return self.gate.admit(
            self.name, context.peer(), context.invocation_metadata() or ()
        )

    def _parse(self, data: bytes) -> Message:
        request = self.request()
        try:
            request.ParseFromString(data)
        except DecodeError:
            name = self.request.DESCRIPTOR.name
            raise BadRequest("", f"the request is no {name}") from None
        return request


def makeHandler(
    gate: Gate,
    pace: Pace,
    answering: Mapping[str, Answering],
    streaming: Mapping[str, Streaming],
) -> grpc.GenericRpcHandler:
    """
    Make what gRPC asks for the methods of the service.

    @param pace: Of those that are answered with a stream, all together.

    @param answering: What answers those that are answered once.

    @param streaming: What answers those that are answered with a stream.
    """
    handlers = {}
    for name, descriptor in SERVICE.methods_by_name.items():
        method = _Method(name, GetMessageClass(descriptor.input_type), gate, pace)
        if name in streaming:
            handlers[name] = grpc.unary_stream_rpc_method_handler(
                _coroutine(method.stream, streaming[name])
            )
        elif name in answering:
            handlers[name] = grpc.unary_unary_rpc_method_handler(
                _coroutine(method.answer, answering[name])
            )
    return grpc.method_handlers_generic_handler(SERVICE.full_name, handlers)


def _counted(write: Writing, accounts: Accounts, method: str) -> Writing:
    """
    Have what is sent counted, if anybody wants to know.
    """
    count = accounts.meter.sending(method)
    if count is None:
        return write

    async def writeCounted(data: bytes) -> None:
        await write(data)
        count(len(data))

    return writeCounted


def _coroutine(call: Callable[..., Awaitable[Any]], behaviour: Any) -> Any:
    """
    Make a coroutine function that knows its behaviour: gRPC looks at what a
    function is before it calls it.
    """
    bound = partial(call, behaviour)

    async def handle(data: bytes, context: grpc.aio.ServicerContext) -> Any:
        return await bound(data, context)

    return handle


async def refuse(outcome: Outcome, context: grpc.aio.ServicerContext) -> bytes:
    """
    End a call with a status; this never returns.
    """
    details = detailsOf(outcome)
    trailing = ((DETAILS, details),) if details is not None else ()
    with suppress(grpc.aio.InternalError):
        await context.abort(outcome.code, outcome.message, trailing)
    # The caller has gone; gRPC is told that this call is over.
    raise CancelledError
