"""
Writing what a job writes, and what there is to say about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
from attrs import define, field

from ..client.events import Event, Finished, Missing, Output, Waiting
from ..client.values import JobStatus
from ..jobs import Source
from .exits import Exit, besideJobs, ofJob
from .invocation import programName
from .outlets import Outlet
from .progress import progressing
from .rendering import asJSON, plain


def inWords(waiting: Waiting) -> str:
    """
    Say why another try is waited for.
    """
    return f"{waiting.failure.cause}; trying again in {waiting.delay:g} s"


def remark(text: str) -> None:
    """
    Write a line of our own, where nothing is written of jobs.
    """
    click.echo(f"{programName()}: {plain(text)}", err=True)


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
    @contextmanager
    def standard(cls, forPrograms: bool = False) -> Iterator[Printer]:
        """
        Write to standard output and standard error while the context lasts.

        @param forPrograms: Whether standard output has everything of the job.

        @raise CannotWrite: If one of them is closed.
        """
        standard = Outlet.standard("stdout"), Outlet.standard("stderr")
        with progressing(*standard, not forPrograms) as (out, err):
            outlets = {Source.STDOUT: out, Source.STDERR: out if forPrograms else err}
            yield cls(outlets, err, programName(), forPrograms)

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

    def ask(self, text: str) -> None:
        """
        Write a question, whose line ends with the answer to it.
        """
        self._remarks.ask(text)
