"""
Whatever a network does, every byte of a job's output arrives once, and every change
of jobs is seen once.

The environment variable BAD_NETWORK makes it 200 MB and a hundred cuts.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b

from tests.badnetwork import BadNetwork, Trouble
from tests.callers import calling
from tests.daemons import COMMAND, DaemonCase, until
from tests.spectators import Spectator, happened, live

_LONG = bool(os.environ.get("BAD_NETWORK"))

#: Bytes of output, and how often a connection is lost.
SIZE, LOSSES = (200_000_000, 100) if _LONG else (20_000_000, 5)

#: Seconds that it may take.
_PATIENCE = 60.0 + 10 * LOSSES

#: How often a watcher loses its connection.
_WATCHED = LOSSES if _LONG else 10

#: Delays lose nothing.
_TROUBLES = (Trouble.CUT, Trouble.DELAY, Trouble.HALVE)

_ALL_TROUBLES = (*_TROUBLES * 3, Trouble.STALL)

#: How many jobs happen before it is waited for the watcher.
_JOBS = 24

#: Bytes between two troubles of a watcher, and those with which a connection begins.
_EVERY, _SPARED = 2000, 6000

#: Seconds after which it believes that it is told nothing any more.
_SILENCE = 2.0

#: Writes the output: whole blocks from the same chance, and no newline at their ends.
_PROGRAM = f"""
import os, random
block = random.Random(7).randbytes(1 << 20)
left = {SIZE}
while left:
    left -= os.write(1, block[:left])
"""


def expected() -> bytes:
    """
    Say what the digest of the output is.
    """
    block = random.Random(7).randbytes(1 << 20)
    digest, left = blake2b(), SIZE
    while left:
        digest.update(block[:left])
        left -= min(left, len(block))
    return digest.digest()


class BadNetworkTests(DaemonCase):
    """
    A daemon behind a bad network.
    """

    def setUp(self) -> None:
        """
        Start it.
        """
        self.daemon = self.startDaemon("--on-shutdown", "stop")

    def test_run(self) -> None:
        """
        C{run} delivers everything once, and the code, though the connection is lost
        again and again.
        """
        self.deliver("run", "--stdin=none", sys.executable, "-c", _PROGRAM)

    def test_logs(self) -> None:
        """
        So does C{logs}, of a job that writes meanwhile.
        """
        started = self.daemon.call(
            "start", "--cmd", sys.executable, "--", "-c", _PROGRAM
        )
        self.assertEqual(started.returncode, 0, started.stderr)
        self.deliver("logs", "-f", started.stdout.decode().strip())

    def deliver(self, *arguments: str) -> None:
        """
        Run a command that writes the output.
        """
        every = SIZE // (LOSSES * len(_TROUBLES) // 2 + 1)
        with BadNetwork(self.daemon.port, every, _TROUBLES) as network:
            environment = {
                **self.daemon.caller(),
                "JOBWORKER_ADDRESS": network.address,
            }
            process = subprocess.Popen(
                [*COMMAND, *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            self.addCleanup(process.kill)
            assert process.stdout is not None
            digest, size = blake2b(), 0
            while piece := process.stdout.read(1 << 20):
                digest.update(piece)
                size += len(piece)
            _, said = process.communicate(timeout=_PATIENCE)
        self.assertEqual((process.returncode, size), (0, SIZE), said[-2000:])
        self.assertEqual(digest.digest(), expected())
        self.assertGreaterEqual(network.losses(), LOSSES)
        self.assertEqual(said.count(b"trying again in 1 s"), said.count(b"\n"))

    def test_watch(self) -> None:
        """
        A watcher is told of every change once and in order, though its connection
        is lost again and again while jobs start, end and are deleted.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        with (
            BadNetwork(daemon.port, _EVERY, _ALL_TROUBLES, _SPARED) as network,
            calling(daemon, alone=True) as caller,
            ThreadPoolExecutor(4) as pool,
        ):
            spectator = Spectator(network.address, _SILENCE)
            until(lambda: bool(spectator.seen), "the watcher is there")
            while network.losses() < _WATCHED and spectator.failure is None:
                for life in [pool.submit(live, caller, each) for each in range(_JOBS)]:
                    life.result()
                # No more happens than such a network lets anybody see.
                spectator.untilAllEnded(daemon)
            until(
                lambda: spectator.losses() >= _WATCHED or bool(spectator.failure),
                "the watcher has noticed",
            )
            self.assertIsNone(spectator.failure)
        told = spectator.told()
        self.assertEqual(told, happened(daemon))
        self.assertEqual([each[0] for each in told], [*range(1, len(told) + 1)])
        self.assertIn(Trouble.STALL, network.happened)
