"""
How a supervisor is to be.
"""

from __future__ import annotations

from attrs import field, frozen

from ..logs.quota import Quota
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
    """

    state: StateDirectory
    linger: float | None = 60.0
    gateway: GatewayUser | None = None
    ready: int | None = None
    quota: Quota = field(factory=Quota)
