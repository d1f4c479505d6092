"""
What every channel to a server is made of, and what its failures mean.

Everything that gRPC raises ends here, whichever of its two ways of calling
raised it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc

from .. import __version__
from .addresses import Address
from .credentials import Credentials
from .failures import Failure, Unreachable
from .translation import failureOf

#: Bytes that one message to us may have.  Chunks are far smaller.
_LARGEST_MESSAGE: Final = 64 * 1024 * 1024

_OPTIONS: Final[tuple[tuple[str, int | str], ...]] = (
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 180_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # The default allows for two pings without data and then stops.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 60_000),
    # This is how long an attempt to connect may take.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    # Channels share failures to connect otherwise, so that a new one would
    # not try again.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
    ("grpc.max_send_message_length", _LARGEST_MESSAGE),
    ("grpc.primary_user_agent", f"jobworker-client/{__version__}"),
)

#: Seconds within which an answer must come that does not wait for a job.
PATIENCE: Final = 30.0

#: Seconds for which a log may be silent: several heartbeats of a server.
SILENCE: Final = 60.0


def optionsFor(address: Address) -> tuple[tuple[str, int | str], ...]:
    """
    Say how a channel shall behave.
    """
    if address.isLocal():
        # gRPC asks a proxy of the environment even for this machine.
        return (*_OPTIONS, ("grpc.enable_http_proxy", 0))
    return _OPTIONS


def shown(credentials: Credentials) -> grpc.ChannelCredentials:
    """
    Make of credentials what gRPC takes.
    """
    return grpc.ssl_channel_credentials(
        root_certificates=credentials.authorities,
        private_key=credentials.key,
        certificate_chain=credentials.certificate,
    )


def metadataOf(token: str) -> tuple[tuple[str, str], ...]:
    """
    Write what goes with every call.
    """
    return (("token", token),) if token else ()


def named(method: str) -> str:
    """
    Write the full name of a method.
    """
    return f"/proto.WorkerService/{method}"


def serialize(request: Any) -> bytes:
    """
    Write a message.
    """
    written: bytes = request.SerializeToString()
    return written


def silent(seconds: float) -> Failure:
    """
    Say that nothing has arrived for too long.
    """
    return Unreachable(f"nothing arrived for {seconds:g} s", sent=True)


@contextmanager
def translated() -> Iterator[None]:
    """
    Raise what is ours instead of what is gRPC's.
    """
    try:
        yield
    except (grpc.RpcError, grpc.aio.UsageError) as error:
        raise _failure(error) from None
    except ValueError as error:
        # This is what gRPC raises for a channel that was closed.
        raise Unreachable(str(error)) from None


def _failure(error: Exception) -> Failure:
    """
    Make a failure of what gRPC raises.
    """
    if isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return failureOf(error.code(), error.details() or "")
    return Unreachable(f"gRPC failed: {error}")
