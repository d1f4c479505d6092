"""
A client for those who do not wait.
"""

from __future__ import annotations

from ..client.client import Client
from ..client.failures import Failure, Unreachable


class HastyClient(Client):
    """
    A client that does not look into why there is no connection.
    """

    def explain(self, failure: Unreachable) -> Failure:
        """
        Leave it at what is known.
        """
        return failure
