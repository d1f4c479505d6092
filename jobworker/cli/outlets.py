"""
Descriptors that commands write to.
"""

from __future__ import annotations

import os
import sys
from select import select

from attrs import define, field

from .exits import CannotWrite
from .rendering import plain


@define
class Outlet:
    """
    A descriptor that bytes are written to, as they are and at once.

    Writing waits as long as the reader does, also where the descriptor was
    told not to wait.

    @ivar path: Which file it is; empty if nobody has named one.
    """

    descriptor: int
    path: str = field(default="", kw_only=True)
    _last: bytes = field(default=b"\n", init=False)

    @classmethod
    def standard(cls, name: str) -> Outlet:
        """
        Find standard output or standard error.

        @raise CannotWrite: If it is closed.
        """
        stream = getattr(sys, name)
        if stream is None:
            raise CannotWrite(f"{name} is closed; leave it open or use /dev/null")
        stream.flush()
        return cls(stream.fileno())

    def write(self, data: bytes) -> None:
        """
        Write everything.

        @raise CannotWrite: If there is no more room in a file that was named.
        """
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:
                select([], [self.descriptor], [])
            except OSError as error:
                if not self.path:
                    raise
                raise CannotWrite(
                    f"cannot write {self.path!r}: {error.strerror}; make room, or name "
                    "a file elsewhere"
                ) from None
        self._last = data[-1:] or self._last

    def remark(self, text: str) -> None:
        """
        Write a line of our own, beginning with a line's beginning.
        """
        lead = "" if self._last == b"\n" else "\n"
        self.write(f"{lead}{plain(text)}\n".encode(errors="backslashreplace"))

    def ask(self, text: str) -> None:
        """
        Write a question, whose line ends with the answer to it.
        """
        self.write(text.encode())
        self._last = b"\n"
