"""
Standard reflection, grpc.reflection: which services there are, and what their
messages look like.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

from attrs import define, field
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha.reflection import SERVICE_NAME, ReflectionServicer
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from . import health
from .handlers import SERVICE
from .parsing import BadRequest

#: Its two names: the messages are the same.
NAMES: Final = (SERVICE_NAME, "grpc.reflection.v1.ServerReflection")


def _makeServicer() -> Any:
    return ReflectionServicer((SERVICE.full_name, health.NAME, SERVICE_NAME))


@define(eq=False)
class Reflection:
    """
    Says what the services look like.
    """

    _servicer: Any = field(factory=_makeServicer)

    async def info(self, requests: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """
        Answer each question.
        """
        async for data in requests:
            try:
                request = ServerReflectionRequest.FromString(data)
            except DecodeError:
                raise BadRequest("", "this is no ServerReflectionRequest") from None
            for answer in self._servicer.ServerReflectionInfo((request,), None):
                yield answer.SerializeToString()
