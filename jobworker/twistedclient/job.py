"""
One job, with all that can be asked about it from a reactor.
"""

from __future__ import annotations

from attrs import frozen

from ..client.aio.job import AsyncJob
from .deferring import Deferring, deferred, read


@frozen
class TwistedJob(Deferring[AsyncJob]):
    """
    A job of a server.

    It is as good as the client that it comes from, and every Deferred may fail
    with a L{jobworker.client.failures.Failure}.
    """

    @property
    def identifier(self) -> str:
        """
        The id of the job.
        """
        return self._original.identifier

    logs = read(AsyncJob.logs)
    wait = deferred(AsyncJob.wait)
    stop = deferred(AsyncJob.stop)
    signal = deferred(AsyncJob.signal)
    query = deferred(AsyncJob.query)
    delete = deferred(AsyncJob.delete)
