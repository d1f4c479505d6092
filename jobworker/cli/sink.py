"""
Where the logs of jobs are written to: standard output and standard error, or a
file.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from itertools import cycle

from attrs import frozen

from ..client.events import Event, Finished
from ..client.failures import Failure
from ..client.values import JobStatus
from ..errors import CannotCreate
from ..jobs import Source
from .colours import Hue, painted
from .exits import Exit, exitFor
from .files import cannotWrite
from .gathering import Gathered
from .invocation import programName
from .outlets import Outlet
from .printing import Printer
from .progress import progressing
from .table import enough


@frozen
class Sink:
    """
    Writes logs.

    @ivar _name: The name of this program.
    @ivar _coloured: Whether labels may have colours.
    """

    _outlets: Mapping[Source, Outlet]
    _remarks: Outlet
    _name: str
    _coloured: bool

    @classmethod
    @contextmanager
    def opened(cls, path: str | None, together: bool = False) -> Iterator[Sink]:
        """
        Write to a new file, or to standard output and standard error, while
        the context lasts.

        @param together: Whether standard output has everything.

        @raise CannotCreate: If there cannot be such a file.
        """
        err = Outlet.standard("stderr")
        out = Outlet.standard("stdout")
        with nullcontext(out) if path is None else _created(path) as to:
            apart = path is None and not together
            with progressing(to, err, not together) as (out, err):
                outlets = {Source.STDOUT: out, Source.STDERR: err if apart else out}
                yield cls(outlets, err, programName(), path is None)

    def labels(self, text: str, hue: Hue) -> dict[Source, bytes]:
        """
        Make what stands before each line that a source has.
        """
        if not self._coloured:
            return dict.fromkeys(Source, text.encode())
        return {
            Source.STDOUT: painted(text, hue, sys.stdout).encode(),
            Source.STDERR: painted(text, hue, sys.stderr).encode(),
        }

    def writeOne(self, events: Iterable[Event]) -> None:
        """
        Write one log.
        """
        printer = Printer(self._outlets, self._remarks, self._name)
        for event in events:
            _show(printer, event)

    def writeAll(self, gathered: Gathered[str]) -> Exit:
        """
        Write several logs.  One that cannot be read keeps no other back.

        @return: What to exit with.
        """
        code = Exit.OK
        for label, event in gathered:
            printer = Printer(self._outlets, self._remarks, f"{self._name}: {label}")
            if isinstance(event, Failure):
                printer.remark(str(event))
                code = code or exitFor(event)
            else:
                _show(printer, event)
        return code


def labelled(jobs: Sequence[JobStatus]) -> Iterator[tuple[str, str, str, Hue]]:
    """
    Choose for each job what its lines begin with, and in which colour: its name,
    or the beginning of its id where it has none or another has the same.

    @return: The id of each, the label, the same with what stands behind it, and
        the colour.
    """
    names = Counter(job.specification.name for job in jobs)
    length = enough([job.identifier for job in jobs])
    labels = [
        name
        if (name := job.specification.name) and names[name] == 1
        else job.identifier[:length]
        for job in jobs
    ]
    width = max(map(len, labels))
    for job, label, hue in zip(jobs, labels, cycle(Hue), strict=False):
        yield job.identifier, label, f"{label:<{width}} | ", hue


@contextmanager
def _created(path: str) -> Iterator[Outlet]:
    """
    Have a new file while the context lasts; if that ends with an error and
    nothing was written, there is none.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise CannotCreate(
            f"{path!r} exists already and is not overwritten; name another file"
        ) from None
    except (OSError, ValueError) as error:
        raise cannotWrite(path, error) from None
    try:
        yield Outlet(descriptor, path=path)
    except BaseException:
        if not os.fstat(descriptor).st_size:
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def _show(printer: Printer, event: Event) -> None:
    """
    Write an event, whatever the code of the job is.
    """
    if isinstance(event, Finished):
        printer.explain(event.status)
    else:
        printer.show(event)
