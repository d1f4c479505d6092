"""
A client for those who do one thing after the other.
"""

from __future__ import annotations

from ..client.client import Client
from ..client.connection import Connection


class FrugalClient(Client):
    """
    A client that gives away the connection that it has, where another would be
    made: who starts a job and then follows it needs one only.

    It belongs to one thread, with everything that comes from it.
    """

    def connect(self) -> Connection:
        """
        Give away the connection that there is, or make one.
        """
        connection, self._connection = self._connection, None
        return super().connect() if connection is None else connection
