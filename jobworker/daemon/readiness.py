"""
What a supervisor tells the process that started it: that it can be used, or
why not.

It is one line, written to a pipe that is closed then.
"""

from __future__ import annotations

import os
from typing import Final

from zope.interface import implementer

from attrs import define, field, frozen

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure

READY: Final = b"ready"
TAKEN: Final = b"taken"
_FAILED: Final = b"failed "

# The longest line: a pipe takes that much at once.
_LONGEST: Final = 4096


@frozen
class Report:
    """
    What came of a start.

    @ivar ready: Whether it can be used.
    @ivar taken: Whether another was first.
    @ivar reason: Why it cannot be used, otherwise.
    """

    ready: bool = False
    taken: bool = False
    reason: str = ""


def write(descriptor: int | None, report: Report) -> None:
    """
    Tell whoever waits, if somebody does, and close the pipe.
    """
    if descriptor is None:
        return
    if report.ready:
        line = READY
    elif report.taken:
        line = TAKEN
    else:
        line = _FAILED + report.reason.encode("utf-8", "replace")[:_LONGEST]
    try:
        os.write(descriptor, line)
    except BrokenPipeError:
        # Nobody waits any more.
        return
    finally:
        os.close(descriptor)


def read(line: bytes) -> Report:
    """
    Understand what was told.
    """
    if line in (READY, TAKEN):
        return Report(line == READY, line == TAKEN)
    reason = line.removeprefix(_FAILED).decode("utf-8", "replace")
    return Report(reason=reason or "it ended without a word")


@implementer(IReadDescriptor)
@define(eq=False)
class ReportReading:
    """
    Reads a pipe to its end.
    """

    _reactor: IReactorFDSet
    _descriptor: int
    _data: bytearray = field(factory=bytearray, init=False)
    read: Deferred[bytes] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.read = Deferred(lambda _: self._close())
        self._reactor.addReader(self)

    def fileno(self) -> int:
        """
        Name the pipe.
        """
        return self._descriptor

    def logPrefix(self) -> str:
        """
        Say who this is in logs.
        """
        return "supervisor"

    def doRead(self) -> None:
        """
        Read what there is.
        """
        data = os.read(self._descriptor, 65536)
        self._data += data
        if not data:
            self._finish()

    def connectionLost(self, reason: Failure) -> None:  # noqa: ARG002 - it is no news
        """
        There is nothing more to read.
        """
        self._finish()

    def _finish(self) -> None:
        if not self.read.called:
            self._close()
            self.read.callback(bytes(self._data))

    def _close(self) -> None:
        self._reactor.removeReader(self)
        os.close(self._descriptor)
