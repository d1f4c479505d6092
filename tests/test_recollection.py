"""
Remembering the jobs that ended last.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.recollection import Recollection
from tests.contracts import exampleRecord


class RecollectionTests(SynchronousTestCase):
    """
    A recollection of two.
    """

    def setUp(self) -> None:
        """
        Make it, and three jobs.
        """
        self.recollection = Recollection(2)
        self.jobs = [exampleRecord(number) for number in range(3)]

    def known(self) -> list[bool]:
        """
        Say of each job whether it is remembered.
        """
        return [self.recollection.find(job.identifier) is not None for job in self.jobs]

    def test_oldest(self) -> None:
        """
        The one makes room that was told of longest ago.
        """
        first, second, third = self.jobs
        for job in (first, second, first, third):
            self.recollection.keep(job)
        self.assertEqual(self.known(), [True, False, True])
        self.assertIs(self.recollection.find(first.identifier), first)

    def test_forget(self) -> None:
        """
        One is forgotten, whether or not it was known, or all are.
        """
        for job in self.jobs:
            self.recollection.keep(job)
        for job in self.jobs[:2]:
            self.recollection.forget(job.identifier)
        self.assertEqual(self.known(), [False, False, True])
        self.recollection.forget(None)
        self.assertEqual(self.known(), [False, False, False])
