"""
Daemons that all tests of a class have together, as starting one takes longer than
most tests.

For tests that leave it as good as new for others, who find the jobs of their
predecessors in it.
"""

from __future__ import annotations

import atexit
from typing import ClassVar

from attrs import define

from tests.daemons import Daemon, DaemonCase, newDaemon, removeDaemon


@define
class _Turn:
    """
    The class of tests that has its turn, and its daemon.
    """

    owner: type[SharingCase] | None = None
    daemon: Daemon | None = None

    def take(self, owner: type[SharingCase]) -> Daemon:
        """
        Find the daemon of a class, and start one if there is none that runs.
        """
        process = None if self.daemon is None else self.daemon.process
        if owner is not self.owner or process is None or process.poll() is not None:
            self.end()
            self.owner, self.daemon = owner, newDaemon(*owner.options)
            self.daemon.start()
        assert self.daemon is not None
        return self.daemon

    def end(self) -> None:
        """
        Leave nothing of the daemon that there was.
        """
        daemon, self.owner, self.daemon = self.daemon, None, None
        if daemon is not None:
            removeDaemon(daemon)


_turn = _Turn()
atexit.register(_turn.end)


class SharingCase(DaemonCase):
    """
    Tests of one daemon, which ends when another class has its turn, or with the
    last test of all.

    @cvar options: What it is told.
    """

    options: ClassVar[tuple[str, ...]] = ("--on-shutdown", "stop")
    daemon: Daemon

    def setUp(self) -> None:
        """
        Have the daemon, which runs.
        """
        self.daemon = _turn.take(type(self))
