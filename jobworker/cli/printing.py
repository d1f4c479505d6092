"""
Writing what a job writes, and what there is to say about it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from select import select

from attrs import define, field

from ..client.events import Event, Finished, Missing, Output, Waiting
from ..client.values import JobStatus
from ..jobs import Source
from .exits import CannotWrite, Exit, besideJobs, ofJob
from .invocation import programName
from .rendering import asJSON, plain


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


def inWords(waiting: Waiting) -> str:
    """
    Say why another try is waited for.
    """
    return f"{waiting.failure.cause}; trying again in {waiting.delay:g} s"


@define
class Printer:
    """
    Writes what happens while a log is read.

    @ivar _remarks: Where lines of our own go.
    @ivar _name: Who writes those.
    @ivar _forPrograms: Whether the job is written in the end, as an object.
    @ivar code: What to exit with, as soon as that is known.
    """

    _outlets: Mapping[Source, Outlet]
    _remarks: Outlet
    _name: str
    _forPrograms: bool = False
    code: int = field(default=Exit.OK, init=False)

    @classmethod
    def standard(cls, forPrograms: bool = False) -> Printer:
        """
        Make one for standard output and standard error.

        @param forPrograms: Whether standard output has everything of the job.

        @raise CannotWrite: If one of them is closed.
        """
        out, err = Outlet.standard("stdout"), Outlet.standard("stderr")
        outlets = {Source.STDOUT: out, Source.STDERR: out if forPrograms else err}
        return cls(outlets, err, programName(), forPrograms)

    def show(self, event: Event) -> None:
        """
        Write one event.
        """
        match event:
            case Output(source, _, _, data):
                self._outlets[source].write(data)
            case Missing(source, offset, length, reason):
                self.remark(
                    f"{length} bytes of {source.name.lower()} are missing from byte "
                    f"{offset} on: {reason}"
                )
            case Waiting():
                self.remark(inWords(event))
            case Finished():
                self._finish(event)

    def _finish(self, event: Finished) -> None:
        """
        Decide what to exit with.
        """
        status = event.status
        self.explain(status)
        code = ofJob(status.exitCode, status.signal)
        if code is None:
            self.remark("the server does not say with which code or signal it ended")
            code = besideJobs(Exit.LOST)
        self.code = code
        if self._forPrograms:
            self._outlets[Source.STDOUT].write(f"{asJSON(status)}\n".encode())

    def explain(self, status: JobStatus) -> None:
        """
        Say why a job has ended, where its code does not.
        """
        if status.reason:
            self.remark(f"the job has ended: {status.reason}")

    def remark(self, text: str) -> None:
        """
        Write a line of our own.
        """
        self._remarks.remark(f"{self._name}: {text}")
