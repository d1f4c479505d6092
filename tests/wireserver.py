"""
A server that does what a test says, over TLS and a real socket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import grpc

from jobworker.api import worker_pb2 as wire
from jobworker.client.addresses import Address
from jobworker.client.client import Client
from jobworker.client.credentials import Credentials

from .certificates import path, pem

#: What each method is asked, and whether it answers more than once.
_METHODS: Final[Mapping[str, tuple[Any, bool]]] = {
    "StartJob": (wire.Command, False),
    "StopJob": (wire.StopRequest, False),
    "QueryJob": (wire.Job, False),
    "DeleteJob": (wire.Job, False),
    "SignalJob": (wire.SignalRequest, False),
    "GetServerInfo": (wire.InfoRequest, False),
    "ListJobs": (wire.ListRequest, False),
    "WaitJob": (wire.Job, False),
    "StreamLog": (wire.StreamRequest, True),
    "ReadLog": (wire.ReadRequest, True),
    "WatchJobs": (wire.WatchRequest, True),
}

#: A token that nobody verifies here.
TOKEN: Final = "e30.e30.c2lnbmF0dXJl"

ID: Final = "0b5e6c3e-0000-4000-8000-000000000001"

Method = Callable[[Any, grpc.ServicerContext], Any]


class WireServer:
    """
    A server on a port of its own; methods that it is not given are unknown to
    it.

    @ivar port: Where it listens.
    """

    def __init__(
        self,
        methods: Mapping[str, Method],
        port: int = 0,
        certificate: str = "server",
        clientAuthority: str = "client_ca.pem",
    ) -> None:
        """
        Start listening.

        @param port: Where to listen; 0 for anywhere.
        """
        self._server = grpc.server(ThreadPoolExecutor(4))
        handlers = {name: _adapted(name, method) for name, method in methods.items()}
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler("proto.WorkerService", handlers),)
        )
        self.port = self._server.add_secure_port(
            f"127.0.0.1:{port}",
            grpc.ssl_server_credentials(
                [(pem(f"{certificate}_key.pem"), pem(f"{certificate}_cert.pem"))],
                pem(clientAuthority),
                True,
            ),
        )
        self._server.start()

    def stop(self) -> None:
        """
        Cut all connections and listen no more.
        """
        self._server.stop(None).wait(10)

    def client(self, certificate: str = "alice") -> Client:
        """
        Make a client of this server.
        """
        return Client(
            Address("127.0.0.1", self.port),
            credentials(certificate),
            TOKEN,
        )

    def flags(self, certificate: str = "alice") -> list[str]:
        """
        Write what the command line must know to call this server.
        """
        return [
            f"--a=127.0.0.1:{self.port}",
            f"--cert={path(f'{certificate}_cert.pem')}",
            f"--key={path(f'{certificate}_key.pem')}",
            f"--ca={path('server_ca.pem')}",
            f"--token={TOKEN}",
        ]


def credentials(
    certificate: str = "alice", key: str = "", authority: str = "server_ca.pem"
) -> Credentials:
    """
    Load what a client shows.
    """
    return Credentials.load(
        path(f"{certificate}_cert.pem"),
        path(f"{key or certificate}_key.pem"),
        [path(authority)],
    )


def _adapted(name: str, method: Method) -> grpc.RpcMethodHandler:
    """
    Make of a function what gRPC serves.
    """
    request, many = _METHODS[name]
    adapt = (
        grpc.unary_stream_rpc_method_handler
        if many
        else grpc.unary_unary_rpc_method_handler
    )
    return adapt(
        method,
        request_deserializer=request.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def status(
    state: Any = wire.EXITED, exitCode: int = 0, **fields: Any
) -> wire.JobStatus:
    """
    Write what a server says about a job.
    """
    return wire.JobStatus(
        job=wire.Job(id=ID),
        command=wire.Command(cmd="sh", args=["-c", "exit 0"]),
        owner="alice",
        status=wire.ProcessStatus(pid=17, state=state, exitCode=exitCode, **fields),
    )
