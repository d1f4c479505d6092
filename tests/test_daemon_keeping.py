"""
Options that say how much is kept.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from jobworker.daemon.keeping import (
    CHECKS,
    KEEPING,
    keepingArguments,
    parsePolicy,
    parseReserve,
    parseRetain,
    readQuota,
)
from jobworker.logs.quota import Policy, Quota
from jobworker.roster.reserve import Reserve
from jobworker.roster.retention import Retain
from jobworker.supervisortap import Options


class KeepingTests(SynchronousTestCase):
    """
    Texts mean what they say, or are refused.
    """

    def test_retain(self) -> None:
        """
        Any of the limits can be set, each once.
        """
        self.assertEqual(parseRetain(""), Retain())
        self.assertEqual(parseRetain("age=1h"), Retain(age=3600.0))
        self.assertEqual(
            parseRetain("count=7, size=1K,age=2"), Retain(2.0, count=7, size=1024)
        )
        for text in ("7", "age", "age=x", "count=-1", "count=1,count=2", "owner=x"):
            self.assertRaises(ValueError, parseRetain, text)

    def test_reserve(self) -> None:
        """
        A reserve is a size, or a part of the disk.
        """
        self.assertEqual(parseReserve("2M"), Reserve(2 * 2**20))
        self.assertEqual(parseReserve("5%"), Reserve(percent=5.0))
        for text in ("", "%", "101%", "-1%", "nan%", "x"):
            self.assertRaises(ValueError, parseReserve, text)

    def test_policy(self) -> None:
        """
        A policy is one of those that there are.
        """
        self.assertIs(parsePolicy("kill-job"), Policy.KILL_JOB)
        self.assertRaises(ValueError, parsePolicy, "be kind")

    def test_passedOn(self) -> None:
        """
        What one command line says another can be told.
        """
        options = Options()
        options.parseOptions(["--log-quota=2M", "--retain", "count=3"])
        again = Options()
        again.parseOptions(keepingArguments(options))
        self.assertEqual(readQuota(again), Quota(2 * 2**20))
        self.assertEqual({n: again[n] for n in CHECKS}, {n: options[n] for n in CHECKS})
        self.assertEqual({name for name, *_ in KEEPING}, set(CHECKS))

    def test_refused(self) -> None:
        """
        What is wrong with an option is said, and the process ends.
        """
        for argument in ("--log-quota=1K", "--log-quota=x", "--reserve=x"):
            error = self.assertRaises(SystemExit, Options().parseOptions, [argument])
            self.assertIn(argument.partition("=")[0], str(error))
