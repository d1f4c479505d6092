"""
A network that is bad, between a caller and a server.

What goes wrong is decided by how many bytes have passed and never by time, so
that it is the same each time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from enum import Enum
from select import select
from threading import Lock, Thread
from time import sleep
from types import TracebackType
from typing import Final

from attrs import define, field

#: Bytes that are passed on at once.
_PIECE: Final = 65536

#: Seconds by which a delayed piece is late.
_LATE: Final = 0.05


class Trouble(Enum):
    """
    What happens to a connection.

    @cvar CUT: It is reset.
    @cvar HALVE: The server's half is closed, as if everything had been sent.
    @cvar DELAY: A piece is late.
    @cvar STALL: Nothing passes any more, and nobody is told; the caller is cut
        off when there is no L{BadNetwork} any more.
    """

    CUT = "cut"
    HALVE = "halve"
    DELAY = "delay"
    STALL = "stall"


@define(eq=False)
class BadNetwork:
    """
    A proxy that passes bytes on, until there is trouble.

    Only connections that carry much have trouble: bytes from the server count,
    over all connections, and those with which a connection begins do not.

    @ivar every: Bytes from the server between two troubles.
    @ivar troubles: Those that there are, one after the other.
    @ivar spared: Bytes of each connection that do not count.
    @ivar happened: The troubles that there were.
    """

    port: int
    every: int
    troubles: Sequence[Trouble]
    spared: int = 16384
    happened: list[Trouble] = field(factory=list, init=False)
    _listener: socket.socket = field(init=False)
    _passed: int = field(default=0, init=False)
    _lock: Lock = field(factory=Lock, init=False)
    _stalled: list[socket.socket] = field(factory=list, init=False)

    def __enter__(self) -> BadNetwork:
        """
        Listen.
        """
        self._listener = socket.create_server(("127.0.0.1", 0))
        Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """
        Listen no more, and cut what is stalled.
        """
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            stalled, self._stalled = self._stalled, []
        for each in stalled:
            _reset(each)

    @property
    def address(self) -> str:
        """
        Where to call instead of the server.
        """
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def losses(self) -> int:
        """
        Say how many connections have ended by trouble.
        """
        return sum(each is not Trouble.DELAY for each in self.happened)

    def _accept(self) -> None:
        """
        Take connections for as long as we listen.
        """
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._carry, args=(caller,), daemon=True).start()

    def _carry(self, caller: socket.socket) -> None:
        """
        Pass on what both say, until one of them or trouble ends it.
        """
        try:
            server = socket.create_connection(("127.0.0.1", self.port))
        except OSError:
            _reset(caller)
            return
        begun = 0
        try:
            while True:
                for end in select([caller, server], [], [])[0]:
                    data = end.recv(_PIECE)
                    if not data:
                        return
                    if end is caller:
                        server.sendall(data)
                        continue
                    begun += len(data)
                    if begun > self.spared and self._suffer(caller, len(data)):
                        return
                    caller.sendall(data)
        except OSError:
            _reset(caller)
        finally:
            server.close()
            if caller not in self._stalled:
                caller.close()

    def _suffer(self, caller: socket.socket, size: int) -> bool:
        """
        Count bytes, and make trouble when it is time.

        @return: Whether the connection ends by it.
        """
        with self._lock:
            self._passed += size
            if self._passed // self.every <= len(self.happened):
                return False
            trouble = self.troubles[len(self.happened) % len(self.troubles)]
            self.happened.append(trouble)
            if trouble is Trouble.STALL:
                self._stalled.append(caller)
        return _ACTS[trouble](caller)


def _reset(end: socket.socket) -> bool:
    """
    End a connection so that the other end is told of an error.
    """
    try:
        linger = b"\1\0\0\0\0\0\0\0"
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        end.close()
    except OSError:
        pass
    return True


def _halve(caller: socket.socket) -> bool:
    """
    Close one half, and wait for the other.
    """
    caller.shutdown(socket.SHUT_WR)
    while caller.recv(_PIECE):
        pass
    return True


def _delay(caller: socket.socket) -> bool:
    sleep(_LATE)
    return False


_ACTS: Final[dict[Trouble, Callable[[socket.socket], bool]]] = {
    Trouble.CUT: _reset,
    Trouble.HALVE: _halve,
    Trouble.DELAY: _delay,
    Trouble.STALL: lambda caller: True,
}
