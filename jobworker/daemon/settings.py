"""
How a supervisor is to be.
"""

from __future__ import annotations

from attrs import field, frozen

from ..logs.quota import Quota
from ..roster.reserve import Reserve
from ..roster.retention import Retain
from .state import GatewayUser, StateDirectory


@frozen
class SupervisorSettings:
    """
    How a supervisor is to be.

    @ivar linger: Seconds that it stays without gateways and jobs; C{None} for
        ever.
    @ivar gateway: Another user whose gateways may connect.
    @ivar ready: A descriptor to say on what came of the start.
    @ivar quota: What each log may hold.
    @ivar retain: What is kept of jobs that have ended.
    @ivar reserve: What must be left of the disk for a job to start.
    @ivar openFiles: How many files a job may have open, unless it changes
        that; C{None}: as many as the supervisor at its start.
    """

    state: StateDirectory
    linger: float | None = 60.0
    gateway: GatewayUser | None = None
    ready: int | None = None
    quota: Quota = field(factory=Quota)
    retain: Retain = field(factory=Retain)
    reserve: Reserve = field(factory=Reserve)
    openFiles: int | None = None
