"""
Whatever a network does, every byte of a job's output arrives once.

The environment variable BAD_NETWORK makes it 200 MB and a hundred cuts.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from hashlib import blake2b

from tests.badnetwork import BadNetwork, Trouble
from tests.daemons import COMMAND, DaemonCase

_LONG = bool(os.environ.get("BAD_NETWORK"))

#: Bytes of output, and how often a connection is lost.
SIZE, LOSSES = (200_000_000, 100) if _LONG else (20_000_000, 5)

#: Seconds that it may take.
_PATIENCE = 60.0 + 10 * LOSSES

#: Delays lose nothing.
_TROUBLES = (Trouble.CUT, Trouble.DELAY, Trouble.HALVE)

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
        lost = sum(each is not Trouble.DELAY for each in network.happened)
        self.assertGreaterEqual(lost, LOSSES)
        self.assertEqual(said.count(b"trying again in 1 s"), said.count(b"\n"))
