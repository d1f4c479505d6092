"""
Standard health checking, grpc.health.v1: whether the service can do its work.
"""

from __future__ import annotations

from asyncio import sleep
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import grpc
from attrs import define, field
from google.protobuf.message import DecodeError
from grpc_health.v1 import health_pb2 as pb

from ..errors import JobWorkerError, ShuttingDown
from ..interfaces.roster import IRoster
from .bridge import IAsking
from .failures import Outcome
from .handlers import SERVICE
from .parsing import BadRequest
from .standard import Finished

NAME: Final = pb.DESCRIPTOR.services_by_name["Health"].full_name

# What there is to be asked for: all, or one service.
_KNOWN: Final = ("", SERVICE.full_name)

_States = pb.HealthCheckResponse

# Seconds that the supervisor is given to show that it lives, and for which it
# is believed to.
_PATIENCE: Final = 5.0
_FRESH: Final = 1.0

# Seconds between two looks of somebody who watches.
_PAUSE: Final = 0.5


@define(eq=False)
class Health:
    """
    Says how the service is.

    @ivar _clock: Seconds, of a clock that nobody sets.
    @ivar _closing: Says whether the service is ending.
    @ivar _serves: What was found when the supervisor was asked last.
    @ivar _until: For how long that is good.
    """

    _clock: Callable[[], float]
    _bridge: IAsking
    _roster: IRoster
    _closing: Callable[[], bool]
    _serves: bool = field(default=False, init=False)
    _until: float = field(default=float("-inf"), init=False)

    async def check(self, requests: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """
        Say once how a service is.
        """
        async for data in requests:
            name = _serviceOf(data)
            if name not in _KNOWN:
                raise Finished(
                    Outcome(grpc.StatusCode.NOT_FOUND, "there is no such service")
                )
            yield _responseFor(await self._state())

    async def watch(self, requests: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """
        Say how a service is, and again whenever that changes.
        """
        async for data in requests:
            name = _serviceOf(data)
            last = None
            while True:
                known = name in _KNOWN
                state = await self._state() if known else _States.SERVICE_UNKNOWN
                if state != last:
                    yield _responseFor(state)
                if self._closing():
                    raise ShuttingDown
                last = state
                await sleep(_PAUSE)

    async def _state(self) -> Any:
        """
        Find out whether jobs could be started.
        """
        if self._closing():
            return _States.NOT_SERVING
        if self._clock() >= self._until:
            try:
                await self._bridge.ask(self._roster.describe, _PATIENCE)
                self._serves = True
            except JobWorkerError:
                self._serves = False
            self._until = self._clock() + _FRESH
        return _States.SERVING if self._serves else _States.NOT_SERVING


def _serviceOf(data: bytes) -> str:
    try:
        name: str = pb.HealthCheckRequest.FromString(data).service
    except DecodeError:
        raise BadRequest("", "the request is no HealthCheckRequest") from None
    return name


def _responseFor(state: Any) -> bytes:
    serialized: bytes = pb.HealthCheckResponse(status=state).SerializeToString()
    return serialized
