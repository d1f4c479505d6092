"""
Jobs that write more than they may, with everything real.
"""

from __future__ import annotations

import os
from signal import SIGKILL, SIGTERM

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from jobworker.jobs import FORCED, Cause, Command
from jobworker.logs.layout import logPath
from jobworker.logs.quota import LEAST, Policy, Quota
from jobworker.logs.reading import LineCursor, LineGap, LogFiles
from tests.services import Service
from tests.witnesses import Witness


class LimitTests(TestCase):
    """
    What becomes of them.
    """

    timeout = 60

    async def begin(self, policy: Policy) -> None:
        """
        Make a roster whose logs hold a megabyte.
        """
        self.service = Service(self.mktemp(), Quota(LEAST, policy))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.service.close()))
        self.witness = Witness()
        await self.service.roster.subscribe(self.witness)

    async def test_killed(self) -> None:
        """
        A job that is to be ended for what it wrote ends with that as its
        cause, and the reason in words.
        """
        await self.begin(Policy.KILL_JOB)
        record = await self.service.roster.start(Command("yes"), "alice")
        records = self.witness.records[record.identifier]
        await self.witness.until(lambda: records[-1].ending is not None)
        ending = records[-1].ending
        assert ending is not None and ending.status is not None
        self.assertIs(ending.cause, Cause.LOG_LIMIT)
        self.assertIn(f"{LEAST} bytes", ending.reason)
        self.assertIn(ending.status.signal, (SIGTERM, SIGKILL))
        self.assertTrue(self.service.sealed(record.identifier))

    async def test_goesOn(self) -> None:
        """
        A job whose oldest output is dropped is not held up by that; it ends
        as it likes, and its last line is there with its number.
        """
        await self.begin(Policy.DROP_OLDEST)
        record = await self.service.roster.start(Command("seq", ("0", "400000")), "al")
        records = self.witness.records[record.identifier]
        await self.witness.until(lambda: records[-1].ending is not None)
        ending = records[-1].ending
        assert ending is not None
        self.assertIs(ending.cause, Cause.EXITED)
        jobs = os.path.join(self.service.directory, "jobs")
        files = LogFiles.open(logPath(jobs, record.identifier))
        self.addCleanup(files.close)
        cursor = LineCursor(files, 100)
        self.assertIsInstance(cursor.read(100)[0], LineGap)
        *_, last = cursor.read(2**30)
        self.assertEqual(last.number, 400_000)

    async def test_stopped(self) -> None:
        """
        A job whose output is thrown away can be stopped as any other.
        """
        await self.begin(Policy.STOP_WRITING)
        record = await self.service.roster.start(Command("yes"), "alice")
        ended = await self.service.roster.stop(record.identifier, "alice", FORCED)
        assert ended.ending is not None
        self.assertIs(ended.ending.cause, Cause.STOPPED)
