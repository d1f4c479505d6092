"""
Noticing silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event
from time import monotonic

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.addresses import Address
from jobworker.client.connection import Connection
from jobworker.client.failures import Unreachable
from jobworker.client.questions import inChunks
from jobworker.client.watching import Watchdog

from .wireserver import ID, TOKEN, WireServer, credentials


class WatchdogTests(SynchronousTestCase):
    """
    When waiting is given up.
    """

    def setUp(self) -> None:
        """
        Make a watchdog with ten seconds of patience.
        """
        self.now = 100.0
        self.givenUp = 0
        self.watchdog = Watchdog(10.0, self.giveUp, lambda: self.now)

    def giveUp(self) -> None:
        """
        Count.
        """
        self.givenUp += 1

    def test_silence(self) -> None:
        """
        Waiting is given up once, when it has lasted too long.
        """
        with self.watchdog.waiting():
            self.now += 9.9
            self.watchdog.check()
            self.assertEqual((self.givenUp, self.watchdog.fired), (0, False))
            self.now += 0.2
            self.watchdog.check()
            self.watchdog.check()
        self.assertEqual((self.givenUp, self.watchdog.fired), (1, True))

    def test_arrivals(self) -> None:
        """
        Each wait has all the time.
        """
        for _ in range(3):
            with self.watchdog.waiting():
                self.now += 9.0
                self.watchdog.check()
        self.assertEqual(self.givenUp, 0)

    def test_idle(self) -> None:
        """
        Time during which nobody waits does not count.
        """
        with self.watchdog.waiting():
            pass
        self.now += 1000.0
        self.watchdog.check()
        with self.watchdog.waiting():
            self.watchdog.check()
        self.assertEqual(self.givenUp, 0)


class SilentServerTests(SynchronousTestCase):
    """
    A server that begins to answer and says nothing more.
    """

    def test_lost(self) -> None:
        """
        A log on which not even heartbeats arrive counts as a lost connection.
        """
        over = Event()

        def readLog(request: object, context: object) -> Iterator[wire.ReadReply]:
            yield wire.ReadReply(begin=wire.Begin())
            over.wait(30)

        server = WireServer({"ReadLog": readLog})
        self.addCleanup(server.stop)
        self.addCleanup(over.set)
        address = Address("127.0.0.1", server.port)
        connection = Connection.open(address, credentials(), TOKEN, silence=0.5)
        self.addCleanup(connection.close)
        # To connect may take longer: until then time stands still.
        begun = Event()
        connection._clock = lambda: monotonic() if begun.is_set() else 0.0
        replies = connection.follow(inChunks(wire.ReadRequest(job=wire.Job(id=ID))))
        self.assertTrue(next(replies).HasField("begin"))
        begun.set()
        failure = self.assertRaises(Unreachable, next, replies)
        self.assertEqual(failure.cause, "nothing arrived for 0.5 s")
