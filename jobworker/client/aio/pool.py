"""
Connections that many calls share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from attrs import define, field

from ..failures import Unreachable
from .connection import AsyncConnection

#: How many calls a connection carries.  A server lets twice as many through
#: and has more wait in line.
_ROOM: Final = 500


@define(eq=False)
class Pool:
    """
    As few connections as will do.

    One that a call has found lost is given to nobody any more; it is closed
    when the last call has left it, as that ends the calls of others too.

    @ivar _connections: Those that may be given to calls.
    """

    _open: Callable[[], AsyncConnection]
    _room: int = _ROOM
    _connections: list[AsyncConnection] = field(factory=list, init=False)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AsyncConnection]:
        """
        Have a connection for one call.
        """
        connection = self._find()
        connection.users += 1
        try:
            yield connection
        except Unreachable:
            self._forget(connection)
            raise
        finally:
            connection.users -= 1
            await self._tidy(connection)

    async def close(self) -> None:
        """
        End all connections, and with them all calls.
        """
        connections, self._connections = self._connections, []
        for connection in connections:
            await connection.close()

    def _find(self) -> AsyncConnection:
        """
        Find a connection with room, or make one.
        """
        for connection in self._connections:
            if connection.users < self._room:
                return connection
        self._connections.append(self._open())
        return self._connections[-1]

    def _forget(self, connection: AsyncConnection) -> None:
        """
        Give a connection to nobody any more.
        """
        if connection in self._connections:
            self._connections.remove(connection)

    async def _tidy(self, connection: AsyncConnection) -> None:
        """
        Close a connection that nobody needs.  One is kept for the next call.
        """
        if connection.users:
            return
        if len(self._connections) > 1:
            self._forget(connection)
        if connection not in self._connections:
            await connection.close()
