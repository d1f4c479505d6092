"""
Clients that follow jobs through everything, and check what they get.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import grpc
from attrs import define, field

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller
from tests.daemons import PATIENCE

from .writers import Broken, Proof

#: What a client may see while a gateway is being killed.
_PASSING = {
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.CANCELLED,
}


def attempts(what: str, reached: Callable[[], int] = int) -> Iterator[None]:
    """
    Try until it works, but not for ever without coming further.

    @param reached: Says how far the attempts have come together.
    """
    before, end = -1, 0.0
    while before < reached() or time.monotonic() < end:
        if before < reached():
            before, end = reached(), time.monotonic() + 2 * PATIENCE
        yield
        time.sleep(0.05)
    raise Broken(f"{what}: in vain for {2 * PATIENCE:g} s")


def persevere(call: Callable[[], object], what: str) -> object:
    """
    Make a call until it is answered.
    """
    for _ in attempts(what):
        try:
            return call()
        except grpc.RpcError as error:
            if error.code() not in _PASSING:
                raise
    raise AssertionError


@define(eq=False)
class ByteFollower:
    """
    Follows a job by ReadLog, and goes on at the byte that is due.
    """

    _caller: Caller
    _job: pb.Job
    proofs: dict[int, Proof] = field(init=False)
    _offsets: dict[int, int] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.proofs = {s: Proof(f"{self._job.id} {s}") for s in (1, 2)}
        self._offsets = dict.fromkeys((1, 2), 0)

    def follow(self) -> pb.JobStatus:
        """
        Follow to the end.

        @return: How the job ended.
        """
        for _ in attempts(
            f"following {self._job.id}", lambda: sum(self._offsets.values())
        ):
            try:
                if (status := self._read()) is not None:
                    return status
            except grpc.RpcError as error:
                if error.code() not in _PASSING:
                    raise
        raise AssertionError

    def _read(self) -> pb.JobStatus | None:
        begin = [
            pb.Offset(source=pb.Source.Name(source), offset=offset)
            for source, offset in self._offsets.items()
        ]
        for reply in self._caller.read(self._job, offsets=pb.Offsets(offsets=begin)):
            kind = reply.WhichOneof("reply")
            if kind == "chunk":
                self._take(reply.chunk)
            elif kind == "gap":
                raise Broken(f"{self._job.id} has a gap: {reply.gap.reason}")
            elif kind == "end":
                for total in reply.end.totals:
                    if total.bytes != self._offsets[total.source]:
                        raise Broken(
                            f"{self._job.id}: {total.bytes} bytes were written"
                        )
                status: pb.JobStatus = reply.end.status
                return status
        return None

    def _take(self, chunk: pb.Chunk) -> None:
        if chunk.offset != self._offsets[chunk.source]:
            raise Broken(f"{self._job.id}: byte {chunk.offset} came out of order")
        self.proofs[chunk.source].take(chunk.data)
        self._offsets[chunk.source] += len(chunk.data)


@define(eq=False)
class LineFollower:
    """
    Follows a job by the old StreamLog, and goes on at the entry that is due.
    """

    _caller: Caller
    _job: pb.Job
    proofs: dict[int, Proof] = field(init=False)
    _number: int = field(default=0, init=False)
    _last: str = field(default="", init=False)

    def __attrs_post_init__(self) -> None:
        self.proofs = {s: Proof(f"{self._job.id} {s}") for s in (1, 2)}

    def follow(self) -> None:
        """
        Follow to the end.
        """
        for _ in attempts(f"streaming {self._job.id}", lambda: self._number):
            try:
                self._read()
            except grpc.RpcError as error:
                if error.code() not in _PASSING:
                    raise
                continue
            if self._last != f"Exiting job {self._job.id}":
                raise Broken(f"{self._job.id} ended with {self._last!r}")
            return

    def _read(self) -> None:
        for log in self._caller.stream(self._job, self._number):
            if log.nbSequence != self._number:
                raise Broken(f"{self._job.id}: entry {log.nbSequence} out of order")
            entry = json.loads(log.entry)
            self._last = entry["msg"]
            self._number += 1
            if entry["source"] != "log":
                source = {"stdout": 1, "stderr": 2}[entry["source"]]
                end = b"" if log.unterminated else b"\n"
                self.proofs[source].take(entry["msg"].encode() + end)
