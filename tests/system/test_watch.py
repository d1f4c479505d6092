"""
Watching jobs while everything between them and the watcher dies.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from tests.callers import calling
from tests.daemons import Daemon, DaemonCase, processesOf, until
from tests.spectators import Spectator, happened, live

#: How often the gateway is killed, and how many jobs are started around that.
ROUNDS, JOBS = 3, 24


class WatchTests(DaemonCase):
    """
    Nothing is missed, and nothing is told twice.
    """

    def test_killed(self) -> None:
        """
        What is seen is what happened, though the gateway is killed again and
        again while jobs start, end and are deleted, and the supervisor once.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        spectator = Spectator(f"127.0.0.1:{daemon.port}")
        until(lambda: bool(spectator.seen), "the watcher is there")
        for number in range(ROUNDS):
            self.upheaval(daemon, spectator, supervisor=number == ROUNDS - 1)
        daemon.run("true")
        spectator.untilAllEnded(daemon)
        self.assertIsNone(spectator.failure)
        told = spectator.told()
        self.assertEqual(told, happened(daemon))
        self.assertEqual([each[0] for each in told], [*range(1, len(told) + 1)])
        self.assertGreaterEqual(len(told), ROUNDS * JOBS)
        self.assertGreaterEqual(spectator.losses(), ROUNDS)

    def upheaval(self, daemon: Daemon, spectator: Spectator, supervisor: bool) -> None:
        """
        Let many jobs happen, and kill in the midst of it.
        """
        with ThreadPoolExecutor(4) as pool, calling(daemon, alone=True) as caller:
            before = len(spectator.changes())
            lives = [pool.submit(live, caller, number) for number in range(JOBS)]
            until(
                lambda: (
                    sum(life.done() for life in lives) >= JOBS // 2
                    and len(spectator.changes()) > before
                ),
                "half of the jobs have been started, and some of it was seen",
            )
            spectator.there.clear()
            daemon.kill()
            if supervisor:
                for process in processesOf(str(daemon.state)):
                    os.kill(process, signal.SIGKILL)
        daemon.start()
        spectator.there.set()
