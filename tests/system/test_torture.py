"""
A few rounds of what C{make torture} does for long.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.daemons import Daemon
from tests.torture.rounds import torture


class TortureTests(SynchronousTestCase):
    """
    Whatever is killed, nothing that was promised is lost.
    """

    def rounds(self, victim: str, points: list[str], seed: int) -> None:
        """
        Do a round for each crash point, and one at random instants.
        """
        folder = Path(tempfile.mkdtemp(prefix="jobworker-torture-", dir="/tmp"))
        self.addCleanup(shutil.rmtree, folder)
        said: list[str] = []
        tally = torture(
            Daemon(folder), len(points) + 1, victim, points, seed, said.append
        )
        self.assertEqual(tally.points, set(points), said)

    def test_gateway(self) -> None:
        """
        Jobs, output and exit codes do not notice that gateways are killed.
        """
        self.rounds("gateway", ["gateway-answered"], 1)

    def test_supervisor(self) -> None:
        """
        Of jobs whose supervisor is killed nothing that was told is lost, and
        nothing is left running.
        """
        self.rounds("supervisor", ["recovery-sealed", "delete-stored"], 2)
