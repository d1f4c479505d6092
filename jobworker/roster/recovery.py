"""
What is done about jobs whose process died with its service.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from twisted.internet.defer import Deferred, FirstError, gatherResults
from twisted.logger import Logger

from ..crashing import crashPoint
from ..errors import SpoolDamaged
from ..interfaces.launchers import ILauncher
from ..interfaces.logs import ILogKeeper
from ..interfaces.store import IJobStore
from ..jobs import ProcessIdentity
from ..life import Lost, advance

_log = Logger()

_REASON: Final = "the service ended while the job was running"


async def recover(
    now: Callable[[], int], launcher: ILauncher, logs: ILogKeeper, store: IJobStore
) -> None:
    """
    Kill what is left of the jobs of an earlier process, end their logs at
    what was written, and say that they are lost.

    A log that there is no job of was begun, or its job deleted, when that
    process died: it is removed, and what may run of the job is killed, too.

    @raise StorageFailed: If a job could not be stored.
    """
    records = await store.unended()
    strays = await logs.identifiers() - await store.identifiers()
    commands: Mapping[str, ProcessIdentity | None] = {
        **dict.fromkeys(strays),
        **{record.identifier: record.process for record in records},
    }
    if commands:
        await launcher.endLeftovers(commands)
    crashPoint("recovery-ended")
    reasons = [await _seal(logs, record.identifier) for record in records]
    crashPoint("recovery-sealed")
    lost = [
        advance(record, Lost(now(), reason))
        for record, reason in zip(records, reasons, strict=True)
    ]
    try:
        updates = [store.update(record) for record in lost]
        await gatherResults(updates, consumeErrors=True)
    except FirstError as error:
        error.subFailure.raiseException()
    crashPoint("recovery-stored")
    for stray in strays:
        await removeLog(stray, logs.remove(stray))
    if commands:
        _log.info(
            "{lost} jobs were lost with an earlier service; {strays} logs removed",
            lost=len(lost),
            strays=len(strays),
        )


async def _seal(logs: ILogKeeper, identifier: str) -> str:
    """
    End a log at what was written.

    If that cannot be done, the service must start all the same.

    @return: Why the job is lost, and what became of its log if that is worth
        a word.
    """
    try:
        await logs.recover(identifier)
    except (SpoolDamaged, OSError) as error:
        _log.error(
            "the log of {job} cannot be recovered: {error}",
            job=identifier,
            error=str(error),
        )
        return f"{_REASON}, and its log cannot be recovered: {error}"
    return _REASON


async def removeLog(identifier: str, removing: Deferred[None]) -> None:
    """
    Wait for a log to be removed that there is no job of.

    If that cannot be done now, the next start tries again.
    """
    try:
        await removing
    except OSError as error:
        _log.error(
            "the log of {job}, which is no job any more, cannot be removed: {error}",
            job=identifier,
            error=str(error),
        )
