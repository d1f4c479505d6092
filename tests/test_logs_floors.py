"""
The place before which everything was dropped.
"""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Source
from jobworker.logs.floors import (
    GROUND,
    PLACES,
    BadFloor,
    Floor,
    Mark,
    decodeFloors,
    encodeFloor,
    placeOf,
)

numbers = st.integers(0, 2**64 - 1)
marks = st.tuples(numbers, numbers, numbers).map(
    lambda three: Mark(max(three[:2]), min(three[:2]), three[2])
)
floors = st.builds(
    Floor,
    # Tests write floors that come up to four later.
    st.integers(1, 2**64 - 5),
    numbers,
    numbers,
    st.tuples(marks, marks).map(lambda two: dict(zip(Source, two, strict=True))),
)


def put(places: bytes, floor: Floor) -> bytes:
    """
    Write a floor to its place.
    """
    block = encodeFloor(floor)
    at = placeOf(floor)
    return places[:at] + block + places[at + len(block) :]


class FloorTests(SynchronousTestCase):
    """
    Writing floors down and reading them.
    """

    def test_none(self) -> None:
        """
        Where nothing was written, nothing was dropped.
        """
        self.assertEqual(decodeFloors(bytes(PLACES)), GROUND)

    @given(floors, floors)
    def test_latest(self, first: Floor, second: Floor) -> None:
        """
        Of two floors that follow each other the second counts, and the first
        is still there.
        """
        second = evolve(second, sequence=first.sequence + 1)
        places = put(put(bytes(PLACES), first), second)
        self.assertEqual(len(places), PLACES)
        self.assertEqual(decodeFloors(places), second)
        self.assertIn(encodeFloor(first), places)

    @given(floors)
    def test_first(self, floor: Floor) -> None:
        """
        The first floor stands alone, and no other does: the one that is
        missing may have been the latest.
        """
        first = put(bytes(PLACES), evolve(floor, sequence=1))
        self.assertEqual(decodeFloors(first), evolve(floor, sequence=1))
        later = put(bytes(PLACES), evolve(floor, sequence=floor.sequence + 1))
        self.assertRaises(BadFloor, decodeFloors, later)
        far = put(later, evolve(floor, sequence=floor.sequence + 4))
        self.assertRaises(BadFloor, decodeFloors, far)

    @given(floors, st.integers(0, PLACES * 8 - 1))
    def test_damage(self, floor: Floor, bit: int) -> None:
        """
        If any one bit has changed, nobody is told a floor.
        """
        block = bytearray(put(bytes(PLACES), floor))
        block[bit // 8] ^= 1 << bit % 8
        self.assertRaises(BadFloor, decodeFloors, bytes(block))

    @given(floors, st.integers(1, PLACES))
    def test_cut(self, floor: Floor, length: int) -> None:
        """
        If the end is missing, the floor is not made up.
        """
        later = evolve(floor, sequence=floor.sequence + 1)
        places = put(put(bytes(PLACES), floor), later)
        self.assertRaises(BadFloor, decodeFloors, places[:-length])

    @given(st.binary(min_size=PLACES, max_size=PLACES))
    def test_noise(self, places: bytes) -> None:
        """
        What was not written by us is refused.
        """
        if any(places):
            self.assertRaises(BadFloor, decodeFloors, places)

    @given(floors)
    def test_wrongPlace(self, floor: Floor) -> None:
        """
        A floor in the place of another is refused.
        """
        block = encodeFloor(floor)
        other = (placeOf(floor) + len(block)) % PLACES
        places = bytes(other) + block + bytes(PLACES - other - len(block))
        self.assertRaises(BadFloor, decodeFloors, places)
