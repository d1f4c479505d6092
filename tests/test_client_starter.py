"""
Starting a job over connections that get lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from attrs import define, field

from twisted.trial.unittest import SynchronousTestCase

from jobworker.client.client import Client
from jobworker.client.failures import (
    Failure,
    Forbidden,
    TimedOut,
    Unacceptable,
    Unreachable,
    Unsupported,
)
from jobworker.client.job import Job
from jobworker.client.keys import isMade
from jobworker.client.retrying import DELAYS
from jobworker.client.starter import Starter
from jobworker.client.values import ServerInfo
from jobworker.specification import NOTHING, Specification

from .wireserver import ID

UNSENT = Unreachable("nobody listens")
SENT = Unreachable("cut", sent=True)
LATE = TimedOut("no answer")
OLD = Unsupported("Method not found!")


@define
class ScriptedClient:
    """
    A client whose calls fail as a test says, one after the other.
    """

    starts: list[Failure | KeyboardInterrupt | None]
    infos: list[Failure | None] = field(factory=list)
    wanted: list[Specification] = field(factory=list)
    closed: int = 0

    def start(
        self, command: Sequence[str], specification: Specification = NOTHING
    ) -> Job:
        """
        Fail, or give a job.
        """
        assert command == ["true"]
        self.wanted.append(specification)
        failure = self.starts.pop(0)
        if failure is not None:
            raise failure
        return Job(cast(Client, self), ID)

    def info(self) -> ServerInfo:
        """
        Fail, or say that there is a server of ours.
        """
        failure = self.infos.pop(0)
        if failure is not None:
            raise failure
        return ServerInfo("1", "1", "", 0, {}, ())

    def close(self) -> None:
        """
        Count.
        """
        self.closed += 1


class StarterTests(SynchronousTestCase):
    """
    Attempts, and when there is no other.
    """

    def start(
        self, client: ScriptedClient, wanted: Specification = NOTHING
    ) -> list[float]:
        """
        Start a job.

        @return: How long it was waited before each attempt but the first.
        """
        self.slept: list[float] = []
        self.starter = Starter(client, self.slept.append)
        self.said = list(self.starter.start(["true"], wanted))
        self.assertEqual([each.delay for each in self.said], self.slept)
        return self.slept

    def test_interrupted(self) -> None:
        """
        Where an attempt is given up before its end, nobody knows what came of it.
        """
        client = ScriptedClient([KeyboardInterrupt()])
        self.assertRaises(KeyboardInterrupt, self.start, client)
        self.assertTrue(self.starter.perhaps)

    def test_atOnce(self) -> None:
        """
        A start that is answered is all there is, and has a key.
        """
        client = ScriptedClient([None])
        self.assertEqual(self.start(client), [])
        self.assertTrue(isMade(client.wanted[0].key))

    def test_ownKey(self) -> None:
        """
        A key that was asked for stays.
        """
        client = ScriptedClient([None], [None])
        self.start(client, Specification(key="k", nice=3))
        self.assertEqual(client.wanted, [Specification(key="k", nice=3)])

    def test_again(self) -> None:
        """
        Every attempt has the same key, and each waits longer.
        """
        client = ScriptedClient([UNSENT, SENT, LATE, None], [None, None])
        self.assertEqual(self.start(client), [*DELAYS[:3]])
        self.assertEqual(len({each.key for each in client.wanted}), 1)
        self.assertEqual((client.infos, client.closed), ([], 1))

    def test_hopeless(self) -> None:
        """
        What another attempt does not change is not waited for.
        """
        client = ScriptedClient([Forbidden("no")])
        self.assertRaises(Forbidden, self.start, client)
        self.assertFalse(self.starter.perhaps)

    def test_over(self) -> None:
        """
        It is given up in the end.
        """
        client = ScriptedClient([UNSENT] * (len(DELAYS) + 1))
        self.assertRaises(Unreachable, self.start, client)
        self.assertEqual(self.slept, [*DELAYS])

    def test_original(self) -> None:
        """
        A server without keys that may have started a job is not asked again.
        """
        client = ScriptedClient([SENT], [OLD])
        error = self.assertRaises(Unreachable, self.start, client)
        self.assertIn("may have been started", str(error))
        self.assertIn("cut", str(error))
        # Where nothing was sent it is asked again.
        client = ScriptedClient([UNSENT, None])
        self.assertEqual(len(self.start(client)), 1)

    def test_originalAsked(self) -> None:
        """
        A server that would not notice what is asked for is not given a job.
        """
        client = ScriptedClient([], [OLD])
        error = self.assertRaises(
            Unacceptable, self.start, client, Specification(nice=3)
        )
        self.assertIn("original", str(error))

    def test_asking(self) -> None:
        """
        Asking what a server is may be lost, too, and leaves no doubt.
        """
        client = ScriptedClient([None], [LATE, SENT, None])
        self.assertEqual(len(self.start(client, Specification(nice=3))), 2)
        self.assertFalse(self.starter.perhaps)
