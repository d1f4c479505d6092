"""
All that runs in the gRPC thread, put together.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import grpc
import grpc.aio
from attrs import define, field

from ..errors import BadConfiguration
from .board import Board
from .bridge import Bridge
from .desks import ReadingRoom
from .gate import Gate
from .handlers import Answering, Streaming, makeHandler
from .pace import Pace
from .settings import MAX_REQUEST

#: Seconds that calls get to hear what they were told at last.
_LAST: Final = 1.0

#: How gRPC is to work.
OPTIONS: Final = (
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.max_send_message_length", -1),
    # Room for a token of any length that is looked at.
    ("grpc.max_metadata_size", 24 * 1024),
    ("grpc.absolute_max_metadata_size", 32 * 1024),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 180_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # Clients ping once a minute; their minutes may be shorter than ours.
    ("grpc.http2.min_ping_interval_without_data_ms", 50_000),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 50_000),
    ("grpc.so_reuseport", 0),
)


@define(eq=False)
class Server:
    """
    The server, from its first call to its last.

    @ivar _others: What answers other services.
    @ivar _grace: Seconds that running calls get when it stops.
    """

    _bridge: Bridge
    _gate: Gate
    _board: Board
    _room: ReadingRoom
    _answering: Mapping[str, Answering]
    _streaming: Mapping[str, Streaming]
    _socket: str
    _grace: float
    _others: Sequence[grpc.GenericRpcHandler] = ()
    _stopping: asyncio.Event = field(factory=asyncio.Event, init=False)

    async def serve(self, listening: Callable[[], None]) -> None:
        """
        Listen, until L{stop} is called and the last call has ended.

        @param listening: Called as soon as there can be calls.

        @raise BadConfiguration: If the socket cannot be listened on.
        """
        requirePrivate(os.path.dirname(self._socket))
        with suppress(FileNotFoundError):
            os.unlink(self._socket)
        server = grpc.aio.server(options=OPTIONS)
        loop = asyncio.get_running_loop()
        handler = makeHandler(self._gate, Pace(loop), self._answering, self._streaming)
        server.add_generic_rpc_handlers((handler, *self._others))
        try:
            server.add_insecure_port(f"unix:{self._socket}")
        except RuntimeError as error:
            reason = f"cannot listen on {self._socket}: {error}"
            raise BadConfiguration(reason) from error
        await server.start()
        calm = self._gate.accounts.meter.pulse("grpc", loop.call_later, loop.time)
        listening()
        await self._stopping.wait()
        self._gate.close()
        self._board.close()
        # A server of gRPC that is stopping cancels calls that still come;
        # clients try again somewhere else only if they are told UNAVAILABLE.
        # So does who is still inside when the bridge closes.
        await self._gate.whenEmpty(self._grace)
        await self._bridge.leave()
        await server.stop(_LAST)
        calm()
        await _finish()
        self._room.close()
        with suppress(FileNotFoundError):
            os.unlink(self._socket)

    def stop(self) -> None:
        """
        Take no more calls, tell followers so, and let the others end.
        """
        self._stopping.set()


def requirePrivate(directory: str) -> None:
    """
    Make sure that nobody else can come in.

    @raise BadConfiguration: If somebody could.
    """
    found = os.stat(directory)
    if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise BadConfiguration(
            f"others may enter {directory}, where the gRPC socket is to be: "
            f"chmod 700 {directory}"
        )


async def _finish() -> None:
    """
    Wait for what was cancelled to be over.
    """
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    if rest:
        await asyncio.wait(rest, timeout=_LAST)
