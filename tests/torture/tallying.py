"""
What happened in all rounds together.
"""

from __future__ import annotations

from attrs import define, field


@define
class Tally:
    """
    Counts of it.

    @ivar points: The crash points at which a process has died.
    @ivar lines: Lines that came once, in order and exact.
    """

    rounds: int = 0
    jobs: int = 0
    kills: int = 0
    points: set[str] = field(factory=set)
    lines: int = 0
    lost: int = 0

    def __str__(self) -> str:
        return (
            f"{self.rounds} rounds, {self.jobs} jobs, {self.lines:,} lines exact, "
            f"{self.kills} kills at random, {len(self.points)} crash points reached, "
            f"{self.lost} jobs LOST"
        )
