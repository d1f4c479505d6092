"""
The format of an index.
"""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Source
from jobworker.logs.frames import SIZE, BadFrame, Frame, Kind, decode, encode

anyTime = st.integers(0, 2**64 - 1)
frames = st.builds(
    Frame,
    anyTime,
    st.integers(1, 2**32 - 1),
    st.sampled_from(Source),
    st.just(Kind.DATA),
) | st.builds(Frame, anyTime, st.just(0), st.just(0), st.just(Kind.SEAL))


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

    @given(st.binary(max_size=20 * SIZE))
    def test_noise(self, block: bytes) -> None:
        """
        What was not written by us is refused, or read as it would have been
        written.
        """
        got: list[Frame] = []
        with contextlib.suppress(BadFrame):
            got.extend(decode(block))
        self.assertEqual(b"".join(map(encode, got)), block[: len(got) * SIZE])

    @given(anyTime, st.integers(0, 2**32 - 1), st.integers(0, 255), st.integers(0, 255))
    def test_senseless(self, time: int, length: int, source: int, kind: int) -> None:
        """
        Of frames whose check fits, only those that mean something are read.
        """
        frame = Frame(time, length, source, kind)
        sense = (kind == Kind.DATA and source in (1, 2) and length > 0) or (
            (kind, source, length) == (Kind.SEAL, 0, 0)
        )
        if sense:
            self.assertEqual(list(decode(encode(frame))), [frame])
        else:
            self.assertRaises(BadFrame, list, decode(encode(frame)))

    def test_zeros(self) -> None:
        """
        Zeros, which a file system may leave after a crash, are not a frame.
        """
        self.assertRaises(BadFrame, list, decode(bytes(SIZE)))
