"""
One connection to a server: its channel, and the calls that it carries.

Everything that gRPC raises ends here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from typing import Any, Final, TypeVar

import grpc
from attrs import define, field

from .. import __version__
from ..api import worker_pb2 as wire
from .addresses import Address
from .credentials import Credentials
from .failures import Failure, Unreachable
from .translation import failureOf
from .watching import Watchdog

_Answer = TypeVar("_Answer")

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


@define(eq=False)
class Connection:
    """
    Calls over one channel, each with the token.
    """

    _channel: grpc.Channel
    _metadata: tuple[tuple[str, str], ...] = field(repr=False)
    _patience: float = PATIENCE
    _silence: float = SILENCE

    @classmethod
    def open(
        cls,
        address: Address,
        credentials: Credentials,
        token: str,
        patience: float = PATIENCE,
        silence: float = SILENCE,
    ) -> Connection:
        """
        Make a connection, which is set up when it is first needed.

        @param patience: Seconds within which an answer must come.

        @param silence: Seconds without even a heartbeat after which reading a
            log in chunks counts as L{Unreachable}.
        """
        options = _OPTIONS
        if address.isLocal():
            # gRPC asks a proxy of the environment even for this machine.
            options = (*options, ("grpc.enable_http_proxy", 0))
        channel = grpc.secure_channel(
            str(address),
            grpc.ssl_channel_credentials(
                root_certificates=credentials.authorities,
                private_key=credentials.key,
                certificate_chain=credentials.certificate,
            ),
            options=options,
        )
        return cls(channel, (("token", token),) if token else (), patience, silence)

    def startJob(self, request: wire.Command) -> wire.Job:
        """
        Start a job.
        """
        return self._ask("StartJob", request, wire.Job.FromString)

    def stopJob(self, request: wire.StopRequest, longer: float) -> wire.JobStatus:
        """
        Stop a job.

        @param longer: Seconds that the answer may take beyond the usual.
        """
        return self._ask("StopJob", request, wire.JobStatus.FromString, longer)

    def queryJob(self, request: wire.Job) -> wire.JobStatus:
        """
        Ask about a job.
        """
        return self._ask("QueryJob", request, wire.JobStatus.FromString)

    def deleteJob(self, request: wire.Job) -> wire.Deleted:
        """
        Delete a job.
        """
        return self._ask("DeleteJob", request, wire.Deleted.FromString)

    def signalJob(self, request: wire.SignalRequest) -> wire.JobStatus:
        """
        Send a signal to a job.
        """
        return self._ask("SignalJob", request, wire.JobStatus.FromString)

    def getServerInfo(self) -> wire.ServerInfo:
        """
        Ask about the server.
        """
        request = wire.InfoRequest()
        return self._ask("GetServerInfo", request, wire.ServerInfo.FromString)

    def listJobs(self, request: wire.ListRequest) -> wire.JobList:
        """
        Ask for a page of jobs.
        """
        return self._ask("ListJobs", request, wire.JobList.FromString)

    def waitJob(self, request: wire.Job, limit: float | None) -> wire.JobStatus:
        """
        Wait for a job to end.

        @param limit: Seconds that it may take; C{None} for any time.
        """
        return self._call("WaitJob", request, wire.JobStatus.FromString, limit)

    def readLog(self, request: wire.ReadRequest) -> Iterator[wire.ReadReply]:
        """
        Read a log in chunks.  Nothing is fetched that is not asked for.
        """
        return self._follow(
            "ReadLog", request, wire.ReadReply.FromString, self._silence
        )

    def streamLog(self, request: wire.StreamRequest) -> Iterator[wire.Log]:
        """
        Read a log line by line, as servers of old do it.
        """
        return self._follow("StreamLog", request, wire.Log.FromString)

    def close(self) -> None:
        """
        End the connection, and with it every call.
        """
        self._channel.close()

    def _ask(
        self,
        method: str,
        request: Any,
        parse: Callable[[bytes], _Answer],
        longer: float = 0.0,
    ) -> _Answer:
        """
        Call a method that has one answer, and has it soon.
        """
        return self._call(method, request, parse, self._patience + longer)

    def _call(
        self,
        method: str,
        request: Any,
        parse: Callable[[bytes], _Answer],
        limit: float | None,
    ) -> _Answer:
        """
        Call a method that has one answer.
        """
        call = self._channel.unary_unary(
            f"/proto.WorkerService/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=parse,
        )
        with _translated():
            answer: _Answer = call(request, timeout=limit, metadata=self._metadata)
            return answer

    def _follow(
        self,
        method: str,
        request: Any,
        parse: Callable[[bytes], _Answer],
        silence: float = inf,
    ) -> Iterator[_Answer]:
        """
        Call a method that has many answers.
        """
        start = self._channel.unary_stream(
            f"/proto.WorkerService/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=parse,
        )
        call = start(request, metadata=self._metadata)
        try:
            if silence < inf:
                yield from _watched(call, Watchdog(silence, call.cancel))
            else:
                with _translated():
                    yield from call
        finally:
            call.cancel()


def _watched(call: Iterator[_Answer], watchdog: Watchdog) -> Iterator[_Answer]:
    """
    Take answers for as long as there are some, or heartbeats at least.
    """
    with watchdog.awake():
        while True:
            try:
                with watchdog.waiting(), _translated():
                    answer = next(call, None)
            except Unreachable:
                if watchdog.fired:
                    raise Unreachable(
                        f"nothing arrived for {watchdog.patience:g} s"
                    ) from None
                raise
            if answer is None:
                return
            yield answer


@contextmanager
def _translated() -> Iterator[None]:
    """
    Raise what is ours instead of what is gRPC's.
    """
    try:
        yield
    except grpc.RpcError as error:
        raise _failure(error) from None
    except ValueError as error:
        # This is what gRPC raises for a channel that was closed.
        raise Unreachable(str(error)) from None


def _failure(error: grpc.RpcError) -> Failure:
    """
    Make a failure of what gRPC raises.
    """
    if isinstance(error, grpc.Call):
        return failureOf(error.code(), error.details() or "")
    return Unreachable(f"gRPC failed: {error}")
