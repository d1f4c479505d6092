"""
Header fields of requests are counted, however they are written.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.door.fields import PREFACE, FieldCounter

SETTINGS, DATA, HEADERS, CONTINUATION = 4, 0, 1, 9
END_HEADERS, PADDED, PRIORITY = 0x4, 0x8, 0x20


def frame(kind: int, flags: int, payload: bytes) -> bytes:
    """
    Write a frame: RFC 9113, 4.1.
    """
    return len(payload).to_bytes(3, "big") + bytes([kind, flags, 0, 0, 0, 1]) + payload


def integer(value: int, bits: int, first: int) -> bytes:
    """
    Write an integer: RFC 7541, 5.1.
    """
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    written, value = bytearray([first | most]), value - most
    while value >= 128:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def string(octets: bytes, huffman: bool) -> bytes:
    """
    Write a string: RFC 7541, 5.2.  Whether it is compressed is not of interest
    to who counts.
    """
    return integer(len(octets), 7, 0x80 if huffman else 0) + octets


_strings = st.builds(
    string,
    st.binary(max_size=20) | st.binary(min_size=120, max_size=300),
    st.booleans(),
)
_indexed = st.integers(1, 10_000).map(lambda index: integer(index, 7, 0x80))
_literals = st.sampled_from([(6, 0x40), (4, 0x00), (4, 0x10)]).flatmap(
    lambda form: (
        st.tuples(st.integers(1, 10_000).map(lambda i: integer(i, *form)), _strings)
        | st.tuples(st.just(integer(0, *form)), _strings, _strings)
    ).map(b"".join)
)
_updates = st.integers(0, 100_000).map(lambda size: integer(size, 5, 0x20))

#: Header blocks: how many fields and updates each has, and how it is written.
_blocks = st.tuples(
    st.lists(_updates, max_size=2), st.lists(_indexed | _literals, max_size=30)
).map(lambda parts: (len(parts[0]) + len(parts[1]), b"".join([*parts[0], *parts[1]])))


@st.composite
def _requests(draw: st.DrawFn) -> tuple[int, bytes]:
    """
    Make the frames of a request, and say how many fields it has.
    """
    count, block = draw(_blocks)
    cuts = sorted(draw(st.lists(st.integers(0, len(block)), max_size=3)))
    first, *others = [
        block[begin:end]
        for begin, end in zip([0, *cuts], [*cuts, len(block)], strict=True)
    ]
    flags, priority, lead, padding = END_HEADERS if not others else 0, b"", b"", b""
    if draw(st.booleans()):
        flags, priority = flags | PRIORITY, draw(st.binary(min_size=5, max_size=5))
    if draw(st.booleans()):
        padding = draw(st.binary(max_size=255))
        flags, lead = flags | PADDED, bytes([len(padding)])
    frames = [frame(HEADERS, flags, lead + priority + first + padding)]
    for number, piece in enumerate(others, 1):
        last = END_HEADERS if number == len(others) else 0
        frames.append(frame(CONTINUATION, last, piece))
    body = draw(st.lists(st.binary(max_size=100), max_size=3))
    return count, b"".join([*frames, *(frame(DATA, PADDED, each) for each in body)])


def bears(most: int, *pieces: bytes) -> bool:
    """
    Find out whether so many fields are enough for what comes in pieces.
    """
    counter = FieldCounter(most)
    return [counter.bears(piece) for piece in pieces][-1]


class FieldCounterTests(SynchronousTestCase):
    """
    L{FieldCounter} follows HTTP/2 and HPACK.
    """

    @given(st.lists(_requests(), min_size=1, max_size=4), st.data())
    def test_counts(
        self, requests: list[tuple[int, bytes]], data: st.DataObject
    ) -> None:
        """
        It knows how many fields the largest request has, in whatever pieces it
        comes.
        """
        said = PREFACE + frame(SETTINGS, 0, b"\0" * 6)
        said += b"".join(written for _, written in requests)
        cuts = data.draw(st.lists(st.integers(0, len(said)), max_size=9).map(sorted))
        pieces = [
            said[begin:end]
            for begin, end in zip([0, *cuts], [*cuts, len(said)], strict=True)
        ]
        most = max(count for count, _ in requests)
        octets = [bytes([octet]) for octet in said]
        for each in (pieces, octets):
            self.assertTrue(bears(most, *each))
            self.assertFalse(bears(most - 1, *each))

    @given(st.binary(max_size=2000), st.binary(max_size=2000))
    def test_anything(self, first: bytes, second: bytes) -> None:
        """
        What is no HTTP/2 is not counted, and what is wrong there does no harm.
        """
        bears(9, PREFACE, first, second)
        bears(9, PREFACE, frame(HEADERS, PADDED | PRIORITY, first), second)
        self.assertTrue(bears(0, b"GET /" + first, second))

    def test_endless(self) -> None:
        """
        An integer that does not end is no way to keep anybody busy.
        """
        for endless in (b"\xff" * 50, b"\x40\xff" + b"\x80" * 50, b"\x20" * 50):
            self.assertFalse(bears(30, PREFACE, frame(HEADERS, 0, endless)))
            self.assertTrue(bears(60, PREFACE, frame(HEADERS, 0, endless)))

    def test_long(self) -> None:
        """
        A string may be longer than what is looked at once, and hides nothing.
        """
        long = b"\x40" + string(b"token", True) + string(b"x" * 2**20, False)
        pieces = [long[at : at + 16384] for at in range(0, len(long), 16384)]
        frames = [frame(HEADERS, 0, pieces[0])]
        frames += [frame(CONTINUATION, 0, piece) for piece in pieces[1:]]
        frames.append(frame(CONTINUATION, END_HEADERS, b"\x82" * 99))
        self.assertTrue(bears(100, PREFACE, *frames))
        self.assertFalse(bears(99, PREFACE, *frames))
