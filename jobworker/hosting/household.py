"""
What is known of the processes of one job.
"""

from __future__ import annotations

from attrs import define, field

from ..jobs import ProcessIdentity
from .spawning import Spawned


@define(eq=False)
class Household:
    """
    The processes of one job.

    @ivar identifier: Of the job.
    @ivar leader: The command itself.
    @ivar pipes: What it writes to, where that is nobody else's.
    @ivar kin: Processes that have been seen to belong to the job: number and
        start.
    """

    identifier: str
    leader: Spawned
    pipes: frozenset[str] = frozenset()
    kin: set[tuple[int, int]] = field(factory=set, init=False)

    @property
    def process(self) -> ProcessIdentity:
        """
        The identity of the leader.
        """
        return self.leader.process
