"""
The place in a log before which everything was dropped, as pure arithmetic on
bytes.

A floor holds what readers need in place of what is gone: how many lines there
were, so that those that are left keep their numbers.  It is on disk before
anything is dropped.  The header of an index has places for two floors, and a
new one replaces the older of them, so that there is always a whole one to be
read, whoever dies at what moment.

A place is 80 bytes, little-endian: sequence, frame and time (8 each); for
standard output and then for standard error the offset, where a line has begun
and how many have ended (8 each); and the CRC-32 of all that (4) and 4 zeros.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Final

from attrs import frozen

from ..jobs import Source

_LAYOUT: Final = struct.Struct("<9QI4x")
_CHECKED: Final = _LAYOUT.size - 8
_PLACES: Final = 2

# Bytes that the places take.
PLACES: Final = _PLACES * _LAYOUT.size


@frozen
class Mark:
    """
    How far one source had come.

    @ivar offset: How many bytes had come.
    @ivar begun: Where the line began that had no end yet.  The bytes from
        here on are kept, so that the line is whole.
    @ivar lines: How many lines had ended.
    """

    offset: int = 0
    begun: int = 0
    lines: int = 0


@frozen
class Floor:
    """
    What a log has lost at its beginning.

    @ivar sequence: How many times something was dropped.
    @ivar frame: The number of the first frame that is left.
    @ivar time: The time of the last one that was dropped.
    """

    sequence: int
    frame: int
    time: int
    marks: Mapping[Source, Mark]


# Nothing was dropped.
GROUND: Final = Floor(0, 0, 0, dict.fromkeys(Source, Mark()))


class BadFloor(ValueError):
    """
    Bytes that are no floors.
    """


def placeOf(floor: Floor) -> int:
    """
    Say where a floor belongs, in bytes behind the magic number.
    """
    return floor.sequence % _PLACES * _LAYOUT.size


def encodeFloor(floor: Floor) -> bytes:
    """
    Write a floor down.
    """
    numbers = [floor.sequence, floor.frame, floor.time]
    for source in Source:
        mark = floor.marks[source]
        numbers += [mark.offset, mark.begun, mark.lines]
    body = _LAYOUT.pack(*numbers, 0)[:_CHECKED]
    return body + zlib.crc32(body).to_bytes(4, "little") + bytes(4)


def decodeFloors(places: bytes) -> Floor:
    """
    Find the floor that counts: the latest.

    @param places: All of them.

    @raise BadFloor: If they do not hold the last two floors, or as many as
        there were.  Then nobody can know which was the latest.
    """
    floors = [GROUND]
    for start in range(0, PLACES, _LAYOUT.size):
        place = places[start : start + _LAYOUT.size]
        if place == bytes(_LAYOUT.size):
            continue
        floor = _decode(place)
        if placeOf(floor) != start:
            raise BadFloor(f"floor {floor.sequence} is in another's place")
        floors.append(floor)
    *_, before, latest = sorted([GROUND, *floors], key=lambda floor: floor.sequence)
    if latest.sequence and before.sequence != latest.sequence - 1:
        raise BadFloor(f"floor {latest.sequence} comes after {before.sequence}")
    return latest


def _decode(place: bytes) -> Floor:
    """
    Read one place that was written.
    """
    if len(place) < _LAYOUT.size:
        raise BadFloor("it is cut off")
    *numbers, check = _LAYOUT.unpack(place)
    if zlib.crc32(place[:_CHECKED]) != check or any(place[_CHECKED + 4 :]):
        raise BadFloor(f"check {check:#010x} does not fit")
    sequence, frame, time, *rest = numbers
    marks = {s: Mark(*rest[3 * n : 3 * n + 3]) for n, s in enumerate(Source)}
    if not sequence or any(mark.begun > mark.offset for mark in marks.values()):
        raise BadFloor("it makes no sense")
    return Floor(sequence, frame, time, marks)
