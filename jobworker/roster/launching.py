"""
How a job comes to be, altogether or not at all, and how it is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from twisted.logger import Logger

from ..crashing import crashPoint
from ..errors import StorageFailed
from ..interfaces.launchers import IJobHandle, ILauncher
from ..interfaces.logs import IJobLog, ILogKeeper
from ..interfaces.store import IJobStore
from ..jobs import Command, Record
from .keys import remembered
from .recovery import removeLog
from .standing import stand


@frozen(eq=False)
class Launching:
    """
    What it takes to make jobs, and to let them never have been.

    @ivar _now: Says what time it is: nanoseconds since the epoch.
    """

    log = Logger()

    _now: Callable[[], int]
    _launcher: ILauncher
    _logs: ILogKeeper
    _store: IJobStore

    async def launch(
        self, identifier: str, command: Command, owner: str
    ) -> tuple[Record, IJobHandle, IJobLog]:
        """
        Make a log, launch the command, and remember the job.
        """
        created = self._now()
        try:
            log = await self._logs.create(identifier)
        except OSError as error:
            raise StorageFailed(str(error)) from error
        crashPoint("start-log-made")
        try:
            handle = await self._launcher.launch(identifier, command, log.outputs)
        except BaseException:
            await removeLog(identifier, log.abandon())
            raise
        crashPoint("start-launched")
        log.launched()
        kept = remembered(command)
        started = self._now()
        record = Record(
            identifier,
            kept,
            owner,
            handle.process,
            started,
            created=created,
            conditions=handle.conditions,
        )
        try:
            await self._store.add(record)
        except BaseException:
            await self._undo(identifier, handle, log)
            raise
        crashPoint("start-stored")
        return record, handle, log

    async def forget(self, identifier: str) -> None:
        """
        Forget a job, then remove its log: a log without a job is removed at
        the next start.
        """
        await self._store.delete(identifier)
        crashPoint("delete-stored")
        await removeLog(identifier, self._logs.remove(identifier))

    async def _undo(self, identifier: str, handle: IJobHandle, log: IJobLog) -> None:
        """
        Let a job never have been.

        On a full disk its log may wait for long; whoever wants to start a job
        does not.
        """
        await handle.sweep()
        stand(self._discard(identifier, log)).addErrback(
            lambda failure: self.log.failure("while discarding a log", failure)
        )

    async def _discard(self, identifier: str, log: IJobLog) -> None:
        """
        Remove a log when it can be: the next start does it if that is before.
        """
        await log.seal()
        await removeLog(identifier, self._logs.remove(identifier))
