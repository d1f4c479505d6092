"""
The figures that the gRPC server works by.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

#: Bytes that a request may have.
MAX_REQUEST: Final = 4 * 2**20


@frozen
class Settings:
    """
    Limits and times.

    @ivar heartbeat: Seconds of quiet after which ReadLog and WatchJobs send a
        heartbeat.
    @ivar grace: Seconds that running calls get when the server stops.
    @ivar patience: Seconds that the roster is given to answer, on top of the
        grace of a stop.
    @ivar followers: How many calls may follow or read logs, or wait for jobs,
        at one time.
    @ivar followersPerCaller: How many of them may be of one subject.
    @ivar readers: Threads that wait for slow disks, or go a long way in a log.
    @ivar readersPerCaller: How many of them one subject may keep busy.
    @ivar remembered: How many jobs that have ended are answered for without
        asking the roster.
    """

    heartbeat: float = 15.0
    grace: float = 2.0
    patience: float = 30.0
    followers: int = 8192
    followersPerCaller: int = 2048
    readers: int = 8
    readersPerCaller: int = 4
    remembered: int = 256
