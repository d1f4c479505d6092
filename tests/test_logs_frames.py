"""
The format of an index.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.logs.frames import SIZE, BadFrame, Frame, Kind, decode, encode

frames = st.builds(
    Frame,
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 255),
    st.sampled_from(Kind),
)


class FrameTests(SynchronousTestCase):
    """
    Writing frames down and reading them.
    """

    @given(st.lists(frames, max_size=20), st.binary(max_size=SIZE - 1))
    def test_roundTrip(self, written: list[Frame], rest: bytes) -> None:
        """
        Frames are read as they were written; a part of a frame behind them is
        not looked at.
        """
        block = b"".join(map(encode, written)) + rest
        self.assertEqual(list(decode(block)), written)

    @given(frames, st.integers(0, SIZE * 8 - 1))
    def test_damage(self, frame: Frame, bit: int) -> None:
        """
        A frame with any one bit changed is refused.
        """
        block = bytearray(encode(frame))
        block[bit // 8] ^= 1 << bit % 8
        self.assertRaises(BadFrame, list, decode(bytes(block)))

    def test_zeros(self) -> None:
        """
        Zeros, which a file system may leave after a crash, are not a frame.
        """
        self.assertRaises(BadFrame, list, decode(bytes(SIZE)))
