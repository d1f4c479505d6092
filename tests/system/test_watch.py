"""
Watching jobs while everything between them and the watcher dies.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event, Thread

import grpc

from jobworker.client import (
    Address,
    Changed,
    ChangeKind,
    Client,
    Credentials,
    Failure,
    Happening,
    Waiting,
    loadToken,
)
from tests.callers import Caller, calling
from tests.daemons import PATIENCE, Daemon, DaemonCase, credentials, processesOf, until

#: How often the gateway is killed, and how many jobs are started around that.
ROUNDS, JOBS = 3, 24


class Spectator:
    """
    Watches all jobs, in a thread of its own.

    @ivar seen: What it was told.
    @ivar there: Set while there is a server to be asked.
    """

    def __init__(self, daemon: Daemon) -> None:
        self.seen: list[Happening] = []
        self.there = Event()
        self.there.set()
        self.failure: Failure | None = None
        folder = credentials()
        certs = folder / "certs"
        self.client = Client(
            Address("127.0.0.1", daemon.port),
            Credentials.load(
                str(certs / "carol_cert.pem"),
                str(certs / "carol_key.pem"),
                [str(certs / "server_ca.pem")],
            ),
            loadToken(str(folder / "carol.jwt")),
        )
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def changes(self) -> list[Changed]:
        """
        Get the changes that it was told of.
        """
        return [each for each in self.seen if isinstance(each, Changed)]

    def untilEnded(self, job: str) -> None:
        """
        Wait until it knows that a job has ended.
        """
        until(
            lambda: (
                any(
                    each.kind is ChangeKind.ENDED and each.status.identifier == job
                    for each in self.changes()
                )
                or self.failure is not None
            ),
            f"the end of {job} is seen",
        )

    def _watch(self) -> None:
        """
        Watch until that is of no use.
        """
        try:
            for each in self.client.watch(sleep=self._sleep):
                self.seen.append(each)
        except Failure as failure:
            self.failure = failure

    def _sleep(self, _: float) -> None:
        """
        Try again when there is a server.
        """
        self.there.wait(PATIENCE)


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
        spectator = Spectator(daemon)
        until(lambda: bool(spectator.seen), "the watcher is there")
        for number in range(ROUNDS):
            self.upheaval(daemon, spectator, supervisor=number == ROUNDS - 1)
        spectator.untilEnded(daemon.run("true"))
        self.assertIsNone(spectator.failure)
        told = [
            (each.revision, each.status.identifier, each.kind.value)
            for each in spectator.changes()
        ]
        with closing(sqlite3.connect(daemon.state / "jobs.sqlite")) as table:
            happened = table.execute(
                "SELECT revision, id, kind FROM change ORDER BY revision"
            ).fetchall()
        self.assertEqual(told, happened)
        self.assertEqual([each[0] for each in told], [*range(1, len(told) + 1)])
        self.assertGreaterEqual(len(told), ROUNDS * JOBS)
        losses = [each for each in spectator.seen if isinstance(each, Waiting)]
        self.assertGreaterEqual(len(losses), ROUNDS)

    def upheaval(self, daemon: Daemon, spectator: Spectator, supervisor: bool) -> None:
        """
        Let many jobs happen, and kill in the midst of it.
        """
        with ThreadPoolExecutor(4) as pool, calling(daemon, alone=True) as caller:
            lives = [pool.submit(self.live, caller, number) for number in range(JOBS)]
            until(
                lambda: sum(life.done() for life in lives) >= JOBS // 2,
                "half of the jobs have been started",
            )
            spectator.there.clear()
            daemon.kill()
            if supervisor:
                for process in processesOf(str(daemon.state)):
                    os.kill(process, signal.SIGKILL)
        daemon.start()
        spectator.there.set()

    def live(self, caller: Caller, number: int) -> None:
        """
        Start a job that ends soon, and delete some.
        """
        try:
            job = caller.start("sleep", str(number % 3 / 10))
            if number % 4 == 0:
                caller.kill(job)
                caller.delete(job)
        except grpc.RpcError:
            # It was killed meanwhile, or the job has ended by itself.
            return
