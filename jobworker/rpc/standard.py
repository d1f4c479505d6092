"""
Services that every gRPC server may have.  A certificate is enough for them.
"""

from __future__ import annotations

from asyncio import CancelledError
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, TypeAlias

import grpc
import grpc.aio
from attrs import frozen

from .failures import Outcome
from .gate import Gate
from .handlers import refuse

#: Makes answers of requests.
Conversing: TypeAlias = Callable[[AsyncIterator[bytes]], AsyncIterator[bytes]]


@frozen(eq=False)
class Finished(Exception):
    """
    A call ends with a status that is no error of ours.
    """

    outcome: Outcome


def makeOpenHandler(
    gate: Gate, service: str, methods: Mapping[str, Conversing]
) -> grpc.GenericRpcHandler:
    """
    Make what gRPC asks for the methods of a service.

    On the wire it is the same whether there is one message or many, so that
    every method is served as if there could be many.
    """
    handlers = {
        name: grpc.stream_stream_rpc_method_handler(
            _serving(gate, service, name, converse)
        )
        for name, converse in methods.items()
    }
    return grpc.method_handlers_generic_handler(service, handlers)


def _serving(gate: Gate, service: str, method: str, converse: Conversing) -> Any:
    """
    Let in who may, and say how it went.
    """

    name = f"{service}/{method}"

    async def serve(
        requests: AsyncIterator[bytes], context: grpc.aio.ServicerContext
    ) -> None:
        with gate.accounts.open(service, method, name) as account:
            try:
                peer = gate.admitOpen(service, context.peer())
                with gate.watcher(f"certificate {peer.fingerprint}"):
                    async for answer in converse(requests):
                        await context.write(answer)
                account.succeeded()
                return
            except Finished as finished:
                outcome = finished.outcome
                account.finished(outcome)
            # It could not be written, because nobody is there any more.
            except grpc.aio.InternalError:
                raise CancelledError from None
            except Exception as error:  # noqa: BLE001
                outcome = account.failed(error)
            await refuse(outcome, context)

    return serve
