"""
The contract of what keeps logs, as tests for whoever claims to provide it.

Only the side of the roster is here: what a log holds is tested elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from zope.interface.verify import verifyObject

from twisted.trial.unittest import TestCase

from jobworker.interfaces.logs import IJobLog, ILogKeeper
from jobworker.jobs import Source
from tests.witnesses import Witness

if TYPE_CHECKING:
    _Base = TestCase
else:
    _Base = object


class ILogKeeperTests(_Base):
    """
    What a keeper of logs promises to a roster.
    """

    timeout = 30

    keeper: ILogKeeper

    async def makeKeeper(self) -> ILogKeeper:
        """
        Make a keeper without logs, and see to its end.
        """
        raise NotImplementedError

    def hold(self, log: IJobLog) -> None:
        """
        Hold the pipes of a log, as a job does.
        """

    def release(self, log: IJobLog) -> None:
        """
        Let go of what was held.
        """

    async def setUp(self) -> None:  # type: ignore[override]
        """
        Make a keeper.
        """
        self.keeper = await self.makeKeeper()
        self.identifier = str(uuid4())

    async def launched(self) -> IJobLog:
        """
        Make a log of a job that runs.
        """
        log = await self.keeper.create(self.identifier)
        self.hold(log)
        log.launched()
        return log

    async def test_interfaces(self) -> None:
        """
        A keeper and its logs provide their interfaces.
        """
        self.assertTrue(verifyObject(ILogKeeper, self.keeper))
        log = await self.keeper.create(self.identifier)
        self.assertTrue(verifyObject(IJobLog, log))
        await log.abandon()

    async def test_create(self) -> None:
        """
        A log has an output for each source, and is found.
        """
        self.assertEqual(await self.keeper.identifiers(), set())
        log = await self.keeper.create(self.identifier)
        self.assertEqual(set(log.outputs), set(Source))
        self.assertEqual(await self.keeper.identifiers(), {self.identifier})
        await log.abandon()

    async def test_abandon(self) -> None:
        """
        A log that was abandoned is not found.
        """
        log = await self.keeper.create(self.identifier)
        await log.abandon()
        self.assertEqual(await self.keeper.identifiers(), set())

    async def test_dry(self) -> None:
        """
        A log is dry when the job has let go of it; then it can be sealed.
        """
        log = await self.launched()
        self.assertEqual(set(log.outputs), set())
        dry = log.whenDry()
        self.assertFalse(dry.called)
        self.release(log)
        await dry
        await log.whenDry()
        await log.seal()

    async def test_sealHeld(self) -> None:
        """
        A log is sealed though somebody holds it, and who listens is told.
        """
        witness = Witness()
        self.keeper.subscribe(witness)
        log = await self.launched()
        await log.seal()
        await witness.until(lambda: self.identifier in witness.grown)
        self.keeper.unsubscribe(witness)
        self.release(log)

    async def test_waitCancelled(self) -> None:
        """
        Who waits may give up.
        """
        log = await self.launched()
        for waiting in (log.whenOverQuota(), log.whenDry()):
            outcome = waiting.addErrback(lambda failure: None)
            waiting.cancel()
            await outcome
        self.release(log)
        await log.whenDry()
        await log.seal()

    async def test_sizes(self) -> None:
        """
        Logs that are there are measured, and others are left out.
        """
        log = await self.launched()
        sizes = await self.keeper.sizes([self.identifier, str(uuid4())])
        self.assertEqual(set(sizes), {self.identifier})
        self.release(log)
        await log.seal()

    async def test_remove(self) -> None:
        """
        A log that was removed is not found.
        """
        log = await self.launched()
        self.release(log)
        await log.seal()
        await self.keeper.remove(self.identifier)
        self.assertEqual(await self.keeper.identifiers(), set())

    async def test_recover(self) -> None:
        """
        To recover a log that was sealed, or never was, does no harm.
        """
        log = await self.launched()
        self.release(log)
        await log.seal()
        await self.keeper.recover(self.identifier)
        await self.keeper.recover(str(uuid4()))
        self.assertEqual(await self.keeper.identifiers(), {self.identifier})
