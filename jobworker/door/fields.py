"""
How many header fields a client sends with a request.

gRPC keeps all of them in memory until it refuses the request for their size, and a
field that costs a client one byte costs gRPC a hundred: see RFC 7541, 7.3.  So a client
that sends very many is stopped before they get there.  Nothing is changed in what
passes, and nothing of it understood but where a field begins.
"""

from __future__ import annotations

from typing import Final

from attrs import define, field

#: What a client says at first: RFC 9113, 3.4.
PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

# RFC 9113, 4.1: a frame has a length, a type, flags and a stream before its payload.
_HEAD: Final = 9

# RFC 9113, 6.2 and 6.10: the frames of which header blocks are made, and their flags.
_HEADERS: Final = 0x1
_CONTINUATION: Final = 0x9
_END_HEADERS: Final = 0x4
_PADDED: Final = 0x8
_PRIORITY: Final = 0x20
_PRIORITY_SIZE: Final = 5

# RFC 7541, 6: the bits that tell what comes, and those that are left to an integer.
_INDEXED: Final = 0x80
_INDEXING: Final = 0x40
_SIZE_UPDATE: Final = 0x20
_NOT_INDEXING: Final = 0x0F

# The octets of an integer that decoders take, beyond the first: RFC 7541, 5.1.
_LONGEST: Final = 9


@define(eq=False)
class _Block:
    """
    One header block, of which the pieces come one after the other.

    @ivar _most: How many fields are looked at.
    @ivar fields: How many have begun.  Updates of the size of the table count as
        fields, and so do the octets of an integer that is too long: what is looked at
        has a limit.
    @ivar _strings: How many strings come before the next field.
    @ivar _passing: Bytes of a string that are still to come.
    @ivar _integer: An integer.
    @ivar _more: How many octets it has beyond the first; -1 if it is complete.
    @ivar _kind: The first octet of the field.
    """

    _most: int
    fields: int = field(default=0, init=False)
    _strings: int = field(default=0, init=False)
    _passing: int = field(default=0, init=False)
    _integer: int = field(default=0, init=False)
    _more: int = field(default=-1, init=False)
    _kind: int = field(default=0, init=False)

    def feed(self, data: bytes) -> None:
        """
        Take the next piece.
        """
        at, end = 0, len(data)
        while at < end and self.fields <= self._most:
            if self._passing:
                passed = min(self._passing, end - at)
                self._passing -= passed
                at += passed
                continue
            octet = data[at]
            at += 1
            if self._more >= 0:
                self._goOn(octet)
            elif self._strings:
                self._beginInteger(octet, 0x7F)
            else:
                self.fields += 1
                self._kind = octet
                # Most fields are one octet.
                if not _INDEXED < octet < 0xFF:
                    self._beginInteger(octet, _roomIn(octet))

    def _beginInteger(self, octet: int, room: int) -> None:
        """
        Begin an integer: RFC 7541, 5.1.
        """
        self._integer = octet & room
        if self._integer == room:
            self._more = 0
        else:
            self._follow()

    def _goOn(self, octet: int) -> None:
        """
        Go on with an integer.
        """
        if self._more < _LONGEST:
            self._integer += (octet & 0x7F) << 7 * self._more
            self._more += 1
        else:
            self.fields += 1
        if not octet & 0x80:
            self._more = -1
            self._follow()

    def _follow(self) -> None:
        """
        Find out what comes behind an integer.
        """
        if self._strings:
            self._strings -= 1
            self._passing = self._integer
        elif _isLiteral(self._kind):
            self._strings = 1 if self._integer else 2


def _isLiteral(octet: int) -> bool:
    """
    Say whether a field that begins so has a value of its own, and perhaps a name.
    """
    return not octet & _INDEXED and bool(octet & _INDEXING or not octet & _SIZE_UPDATE)


def _roomIn(octet: int) -> int:
    """
    Find the bits that the first octet of a field leaves to an integer.
    """
    for mark in (_INDEXED, _INDEXING, _SIZE_UPDATE):
        if octet & mark:
            return mark - 1
    return _NOT_INDEXING


@define(eq=False)
class FieldCounter:
    """
    Follows what a client says, and counts.

    @ivar _most: The most fields that a request may have.
    @ivar _deaf: Whether it does not speak HTTP/2, which the server refuses.
    @ivar _head: The beginning of the preface or of the head of a frame.
    @ivar _awaited: How long that is when it is complete.
    @ivar _left: Bytes of the payload of a frame that are still to come.
    @ivar _counts: Whether that is a piece of a header block.
    @ivar _block: The last header block that has begun.
    @ivar _padded: Whether the payload begins with the length of its padding.
    @ivar _lead: Bytes of it that come before the piece.
    @ivar _padding: Bytes of it that come behind the piece.
    """

    _most: int
    _deaf: bool = field(default=False, init=False)
    _head: bytes = field(default=b"", init=False)
    _awaited: int = field(default=len(PREFACE), init=False)
    _left: int = field(default=0, init=False)
    _counts: bool = field(default=False, init=False)
    _block: _Block = field(init=False)
    _padded: bool = field(default=False, init=False)
    _lead: int = field(default=0, init=False)
    _padding: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self._block = _Block(self._most)

    def bears(self, data: bytes) -> bool:
        """
        Hear what it says next.

        @return: Whether no request has too many fields until now.
        """
        at, end = 0, len(data)
        while at < end and not self._deaf and self._block.fields <= self._most:
            if self._left:
                size = min(self._left, end - at)
                self._left -= size
                if self._counts:
                    self._count(data[at : at + size])
            elif not self._head and end - at >= self._awaited == _HEAD:
                size = _HEAD
                self._begin(data, at)
            else:
                size = min(self._awaited - len(self._head), end - at)
                self._head += data[at : at + size]
                if len(self._head) == self._awaited:
                    self._complete()
            at += size
        return self._block.fields <= self._most

    def _complete(self) -> None:
        """
        Read what came in pieces: the preface, or the head of a frame.
        """
        head, self._head = self._head, b""
        if self._awaited == _HEAD:
            self._begin(head, 0)
        else:
            self._deaf = head != PREFACE
            self._awaited = _HEAD

    def _begin(self, data: bytes, at: int) -> None:
        """
        Read the head of a frame.
        """
        self._left = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
        kind, flags = data[at + 3], data[at + 4]
        if kind == _HEADERS:
            # Each field takes an octet, so that most requests are short enough.
            self._counts = self._left > self._most or not flags & _END_HEADERS
            if self._counts:
                self._block = _Block(self._most)
                self._padded = bool(flags & _PADDED)
                self._lead = _PRIORITY_SIZE if flags & _PRIORITY else 0
                self._padding = 0
        else:
            self._counts = kind == _CONTINUATION
            self._padded = False
            self._lead = self._padding = 0

    def _count(self, piece: bytes) -> None:
        """
        Give a part of a payload to its block, without what is around it.
        """
        if self._padded:
            self._padded = False
            self._padding, piece = piece[0], piece[1:]
        lead = min(self._lead, len(piece))
        self._lead -= lead
        padding = max(self._padding - self._left, 0)
        self._block.feed(piece[lead : max(len(piece) - padding, 0)])
