"""
Other processes are watched until they are gone.
"""

from __future__ import annotations

import os
import subprocess
from signal import SIGKILL, SIGTERM
from typing import cast

from twisted.internet import reactor
from twisted.internet.interfaces import IReactorFDSet
from twisted.trial.unittest import TestCase

from jobworker.daemon.watching import RunningJobs, endProcess
from jobworker.jobs import Status
from jobworker.life import CommandExited, Drained, advance
from tests.contracts import exampleRecord


class EndProcessTests(TestCase):
    """
    A process that is asked to end is waited for.
    """

    timeout = 30

    async def test_ends(self) -> None:
        """
        The wait is over when the process is gone.
        """
        for number in (SIGTERM, SIGKILL):
            process = subprocess.Popen(["sleep", "60"])
            await endProcess(cast(IReactorFDSet, reactor), process.pid, number)
            self.assertEqual(process.wait(), -number)

    async def test_gone(self) -> None:
        """
        A process that is gone already is not waited for.
        """
        process = subprocess.Popen(["true"])
        process.wait()
        await endProcess(cast(IReactorFDSet, reactor), process.pid, SIGTERM)

    async def test_descriptors(self) -> None:
        """
        No descriptor is left.
        """
        # The reactor opens what it needs for its first child.
        await self.test_ends()
        before = len(os.listdir("/proc/self/fd"))
        await self.test_ends()
        self.assertLessEqual(len(os.listdir("/proc/self/fd")), before)


class RunningJobsTests(TestCase):
    """
    The jobs that run are counted.
    """

    def test_count(self) -> None:
        """
        A job counts once until it has ended.
        """
        jobs = RunningJobs()
        record = exampleRecord(1)
        jobs.jobChanged(record)
        jobs.jobChanged(exampleRecord(2))
        record = advance(record, CommandExited(Status(code=0)))
        jobs.jobChanged(record)
        jobs.logGrew(record.identifier)
        self.assertEqual(jobs.count, 2)
        jobs.jobChanged(advance(record, Drained(1)))
        self.assertEqual(jobs.count, 1)
