"""
The format of a spool's index, as pure arithmetic on bytes.

An index is a header and then frames of 16 bytes, little-endian: time (8,
nanoseconds since the epoch), length (4, bytes), source (1), kind (1) and check
(2, the low half of the CRC-32 of what stands before it).

The header is a magic number of 16 bytes and two places for a
L{floor<jobworker.logs.floors>}.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from enum import IntEnum
from typing import Final, NamedTuple

from ..jobs import Source
from .floors import PLACES

MAGIC: Final = b"JWSPOOL\x02" + bytes(8)
HEADER: Final = MAGIC + bytes(PLACES)
SIZE: Final = 16
MAX_LENGTH: Final = 2**32 - 1

_LAYOUT: Final = struct.Struct("<QIBBH")
_CHECKED: Final = _LAYOUT.size - 2


class Kind(IntEnum):
    """
    What a frame says.

    @cvar DATA: So many bytes of this source came next.
    @cvar SEAL: Nothing comes any more.
    @cvar GAP: So many bytes of this source came next and were not kept.
        Nothing of this source is kept after that.
    """

    DATA = 0
    SEAL = 1
    GAP = 2


# Kind, source, and whether there is a length.
_MEANINGFUL: Final = {
    (Kind.SEAL, 0, False),
    *((Kind.DATA, source, True) for source in Source),
    *((Kind.GAP, source, True) for source in Source),
}


class Frame(NamedTuple):
    """
    One entry of an index.

    @ivar length: Bytes; 0 in a seal.
    @ivar source: The number of a L{jobworker.jobs.Source}; 0 in a seal.
    """

    time: int
    length: int
    source: int
    kind: int = Kind.DATA


class BadFrame(ValueError):
    """
    Sixteen bytes that are not a frame.
    """


def frameAt(number: int) -> int:
    """
    Say where a frame is in the index, counted from 0.
    """
    return len(HEADER) + number * SIZE


def encode(frame: Frame) -> bytes:
    """
    Write a frame down.
    """
    body = _LAYOUT.pack(*frame, 0)[:_CHECKED]
    return body + (zlib.crc32(body) & 0xFFFF).to_bytes(2, "little")


def decode(block: bytes) -> Iterator[Frame]:
    """
    Read frames; what is behind the last whole one is not looked at.

    @raise BadFrame: At the first one whose check does not fit, or that says
        what no frame says, after those before it have been yielded.
    """
    whole = len(block) - len(block) % SIZE
    crc32 = zlib.crc32
    for start, fields in zip(
        range(0, whole, SIZE), _LAYOUT.iter_unpack(block[:whole]), strict=True
    ):
        time, length, source, kind, check = fields
        if crc32(block[start : start + _CHECKED]) & 0xFFFF != check:
            raise BadFrame(f"frame check {check:#06x} does not fit")
        if (kind, source, length > 0) not in _MEANINGFUL:
            raise BadFrame(f"kind {kind}, source {source}, length {length}")
        yield Frame(time, length, source, kind)
