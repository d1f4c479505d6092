"""
Calls to a daemon that cost as little as they can: generated messages, bare stubs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc

from jobworker.api import worker_pb2 as pb
from tests.daemons import Daemon, credentials

SERVICE = "/proto.WorkerService/"


def channelCredentials(subject: str = "alice") -> grpc.ChannelCredentials:
    """
    Load what a client shows.
    """
    certs = credentials() / "certs"
    return grpc.ssl_channel_credentials(
        (certs / "server_ca.pem").read_bytes(),
        (certs / f"{subject}_key.pem").read_bytes(),
        (certs / f"{subject}_cert.pem").read_bytes(),
    )


def metadata(subject: str = "alice") -> tuple[tuple[str, str], ...]:
    """
    Make the metadata of a call.
    """
    return (("token", (credentials() / f"{subject}.jwt").read_text()),)


class Caller:
    """
    Calls over one connection; works with channels of C{grpc} and C{grpc.aio}.
    """

    def __init__(
        self,
        channel: Any,
        secret: tuple[tuple[str, str], ...] = (),
        patience: float | None = None,
    ) -> None:
        self.metadata = secret
        self._patience = patience
        self._start = channel.unary_unary(
            SERVICE + "StartJob", pb.Command.SerializeToString, pb.Job.FromString
        )
        self._query = channel.unary_unary(
            SERVICE + "QueryJob", pb.Job.SerializeToString, pb.JobStatus.FromString
        )
        self._stop = channel.unary_unary(
            SERVICE + "StopJob",
            pb.StopRequest.SerializeToString,
            pb.JobStatus.FromString,
        )
        self._delete = channel.unary_unary(
            SERVICE + "DeleteJob", pb.Job.SerializeToString, pb.Deleted.FromString
        )
        self._stream = channel.unary_stream(
            SERVICE + "StreamLog", pb.StreamRequest.SerializeToString, pb.Log.FromString
        )
        self._read = channel.unary_stream(
            SERVICE + "ReadLog",
            pb.ReadRequest.SerializeToString,
            pb.ReadReply.FromString,
        )

    def _means(self) -> dict[str, Any]:
        waits = {
            "timeout": self._patience,
            "wait_for_ready": self._patience is not None,
        }
        return {"metadata": self.metadata, **waits}

    def start(self, cmd: str, *args: str) -> Any:
        """
        Call StartJob.
        """
        return self._start(pb.Command(cmd=cmd, args=args), **self._means())

    def query(self, job: pb.Job) -> Any:
        """
        Call QueryJob.
        """
        return self._query(job, **self._means())

    def kill(self, job: pb.Job) -> Any:
        """
        Call StopJob.
        """
        return self._stop(pb.StopRequest(job=job, force=True), **self._means())

    def stopLater(self, job: pb.Job) -> Any:
        """
        Call StopJob, and do not wait for the answer.
        """
        request = pb.StopRequest(job=job, force=True)
        return self._stop.future(request, **self._means())

    def delete(self, job: pb.Job) -> Any:
        """
        Call DeleteJob.
        """
        return self._delete(job, **self._means())

    def stream(self, job: pb.Job, startPoint: int = 0) -> Any:
        """
        Call StreamLog.
        """
        request = pb.StreamRequest(job=job, startPoint=startPoint)
        return self._stream(request, **self._means())

    def read(self, job: pb.Job, follow: bool = True, **more: Any) -> Any:
        """
        Call ReadLog.
        """
        request = pb.ReadRequest(job=job, follow=follow, **more)
        return self._read(request, **self._means())


@contextmanager
def calling(
    daemon: Daemon,
    subject: str = "alice",
    alone: bool = False,
    patience: float | None = None,
) -> Iterator[Caller]:
    """
    Have a connection while the context lasts.

    @param alone: Whether it must not be shared with others to the same place.
    @param patience: Seconds that a call may take.  If there are some it waits while
        there is no connection, which is tried again all the time.
    """
    target = f"127.0.0.1:{daemon.port}"
    options = [("grpc.use_local_subchannel_pool", int(alone))]
    if patience is not None:
        options += [(f"grpc.{x}_reconnect_backoff_ms", 100) for x in ("initial", "max")]
    with grpc.secure_channel(target, channelCredentials(subject), options) as channel:
        yield Caller(channel, metadata(subject), patience)


def refusalOf(call: Callable[..., Any], *arguments: Any) -> tuple[grpc.StatusCode, str]:
    """
    Make a call that fails.

    @return: What the caller is told.
    """
    try:
        answer = call(*arguments)
        if isinstance(answer, Iterable):
            answer = list(answer)
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError(f"this did not fail: {answer}")
