"""
The messages of ReadLog, as bytes.
"""

from __future__ import annotations

from typing import Final

from ..api import worker_pb2 as pb
from ..jobs import Source
from ..logs.reading import Chunk, Gap, Offsets
from .describing import SOURCES

# The tags of ReadReply.chunk and Chunk.data, both with a length behind them.
_CHUNK: Final = bytes([pb.ReadReply.CHUNK_FIELD_NUMBER << 3 | 2])
_DATA: Final = bytes([pb.Chunk.DATA_FIELD_NUMBER << 3 | 2])


def beginOf(begin: Offsets, digestFrom: Offsets) -> bytes:
    """
    Make the first message of an answer.
    """
    offsets = [
        pb.Offset(source=SOURCES[source], offset=at, digest_from=digestFrom[source])
        for source, at in begin.items()
    ]
    return pb.ReadReply(begin=pb.Begin(offsets=offsets)).SerializeToString()


def replyOf(piece: Chunk | Gap) -> bytes:
    """
    Make the message for what a cursor delivers.

    That for a chunk is put together by hand, because protobuf would copy the
    data three times, which takes as long as to send it.
    """
    if isinstance(piece, Gap):
        gap = pb.Gap(
            source=SOURCES[piece.source],
            offset=piece.offset,
            length=piece.length,
            reason=piece.reason,
        )
        return pb.ReadReply(gap=gap).SerializeToString()
    head = pb.Chunk(
        source=SOURCES[piece.source], offset=piece.offset, time=piece.time
    ).SerializeToString()
    head += _DATA + _varint(len(piece.data))
    size = len(head) + len(piece.data)
    return b"".join((_CHUNK, _varint(size), head, piece.data))


def heartbeatOf(time: int) -> bytes:
    """
    Make a message that says nothing.

    @param time: Nanoseconds since the epoch.
    """
    return pb.ReadReply(heartbeat=pb.Heartbeat(time=time)).SerializeToString()


def endOf(
    status: pb.JobStatus,
    ends: Offsets,
    digestFrom: Offsets,
    digests: dict[Source, bytes],
) -> bytes:
    """
    Make the last message of an answer.
    """
    totals = [
        pb.Total(
            source=SOURCES[source],
            bytes=end,
            digest_from=digestFrom[source],
            digest=digests.get(source),
        )
        for source, end in ends.items()
    ]
    return pb.ReadReply(end=pb.End(status=status, totals=totals)).SerializeToString()


def _varint(number: int) -> bytes:
    """
    Write a number down as protobuf does: seven bits a byte, the low ones
    first.
    """
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)
