"""
Messages on a stream of bytes: each behind its length.

Nothing here knows what is in a message.
"""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final

from attrs import define, field

#: The longest message, in bytes: twice what a request from outside can be,
#: for it is in a record together with what we add.
LONGEST: Final = 2**23

_LENGTH: Final = Struct(">I")


class BadFrame(Exception):
    """
    The other side does not speak this protocol.
    """


def frame(message: bytes) -> bytes:
    """
    Put the length before a message.

    @raise ValueError: If it is too long to be sent.
    """
    if len(message) > LONGEST:
        raise ValueError(f"a message of {len(message)} bytes is too long")
    return _LENGTH.pack(len(message)) + message


@define
class Deframer:
    """
    Takes bytes as they come, and gives messages.
    """

    _buffer: bytearray = field(factory=bytearray, init=False)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """
        Add bytes, and get the messages that are complete.

        What is not taken from the iterator is given by the next call.

        @raise BadFrame: If a message would be longer than L{LONGEST}, or
            empty, which no message of ours is.  All complete messages before
            it are given first.
        """
        self._buffer += data
        return self._messages()

    def _messages(self) -> Iterator[bytes]:
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if not 0 < length <= LONGEST:
                raise BadFrame(f"a message of {length} bytes")
            end = _LENGTH.size + length
            if len(self._buffer) < end:
                return
            message = bytes(self._buffer[_LENGTH.size : end])
            del self._buffer[:end]
            yield message
