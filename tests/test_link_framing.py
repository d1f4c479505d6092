"""
Messages on a stream of bytes.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.link.framing import LONGEST, BadFrame, Deframer, frame

messages = st.lists(st.binary(min_size=1, max_size=50), max_size=10)


class FramingTests(SynchronousTestCase):
    """
    Messages arrive as they were sent.
    """

    @given(messages, st.lists(st.integers(1, 30), max_size=50))
    def test_pieces(self, sent: list[bytes], sizes: list[int]) -> None:
        """
        In whatever pieces the bytes come, the messages are the same.
        """
        stream = b"".join(map(frame, sent))
        deframer = Deframer()
        got: list[bytes] = []
        for size in sizes:
            piece, stream = stream[:size], stream[size:]
            got += deframer.feed(piece)
        got += deframer.feed(stream)
        self.assertEqual(got, sent)

    @given(st.lists(st.binary(max_size=100), max_size=10))
    def test_garbage(self, pieces: list[bytes]) -> None:
        """
        Whatever comes, there are messages, or the stream is refused; nothing
        is kept that is longer than a message.
        """
        deframer = Deframer()
        try:
            for piece in pieces:
                for message in deframer.feed(piece):
                    self.assertTrue(0 < len(message) <= LONGEST)
        except BadFrame:
            return

    def test_tooLong(self) -> None:
        """
        What is too long is refused before it comes, after what was before it.
        """
        got = Deframer().feed(frame(b"x") + (LONGEST + 1).to_bytes(4, "big"))
        self.assertEqual(next(got), b"x")
        self.assertRaises(BadFrame, next, got)
        self.assertRaises(ValueError, frame, bytes(LONGEST + 1))

    def test_longest(self) -> None:
        """
        The longest message goes through.
        """
        self.assertEqual([*Deframer().feed(frame(bytes(LONGEST)))], [bytes(LONGEST)])

    def test_empty(self) -> None:
        """
        An empty message is refused.
        """
        self.assertRaises(BadFrame, list, Deframer().feed(frame(b"")))
