"""
What grpc.aio can do at all: a server that knows nothing, over a unix socket.

Run as a process of its own: C{python -m benchmarks.bare SOCKET}.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import grpc
import uvloop

from jobworker.api import worker_pb2 as pb
from tests.daemons import ROOT, environment

#: The bytes in one chunk: as many as jobworker sends at once to a few readers.
CHUNK: Final = 2**18

_STATUS: Final = pb.JobStatus(job=pb.Job(id="0" * 36), owner="alice")


async def _query(request: Any, context: Any) -> Any:
    return _STATUS


async def _read(request: Any, context: Any) -> AsyncIterator[Any]:
    data = bytes(CHUNK)
    for number in range(request.line):
        yield pb.ReadReply(chunk=pb.Chunk(offset=number * CHUNK, data=data))


async def _stream(request: Any, context: Any) -> AsyncIterator[Any]:
    entry = '{"msg": "a line", "source": "stdout", "time": "2026", "level": "info"}'
    for number in range(request.startPoint):
        yield pb.Log(nbSequence=number, entry=entry)


async def _serve(path: str) -> None:
    """
    Serve for ever.
    """
    server = grpc.aio.server()
    handlers = {
        "QueryJob": grpc.unary_unary_rpc_method_handler(
            _query, pb.Job.FromString, pb.JobStatus.SerializeToString
        ),
        "ReadLog": grpc.unary_stream_rpc_method_handler(
            _read, pb.ReadRequest.FromString, pb.ReadReply.SerializeToString
        ),
        "StreamLog": grpc.unary_stream_rpc_method_handler(
            _stream, pb.StreamRequest.FromString, pb.Log.SerializeToString
        ),
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("proto.WorkerService", handlers),)
    )
    server.add_insecure_port(f"unix:{path}")
    await server.start()
    await server.wait_for_termination()


@contextmanager
def bareServer() -> Iterator[str]:
    """
    Have such a server while the context lasts.

    @return: Its address.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/bare"
        command = [sys.executable, "-m", "benchmarks.bare", path]
        process = subprocess.Popen(command, cwd=ROOT, env=environment())
        try:
            with grpc.insecure_channel(f"unix:{path}") as channel:
                grpc.channel_ready_future(channel).result(60)
            yield f"unix:{path}"
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    uvloop.run(_serve(sys.argv[1]))
