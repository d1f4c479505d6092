"""
The logs that are being read just now, each opened once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, field

from .files import LogFiles
from .layout import logPath


@define
class _Loan:
    """
    Open files, and how many read them.
    """

    files: LogFiles
    readers: int = 0


@define
class Library:
    """
    Lends the files of logs, so that a thousand readers of one job cost three
    descriptors.

    Use it in one thread.

    @ivar _directory: Where all logs are.
    """

    _directory: str
    _loans: dict[str, _Loan] = field(factory=dict)

    @contextmanager
    def borrow(self, identifier: str) -> Iterator[LogFiles]:
        """
        Have the files of a log while the context lasts.

        @raise FileNotFoundError: If there is no such log.

        @raise SpoolDamaged: If it is not one of ours.
        """
        loan = self._loans.get(identifier)
        if loan is None:
            files = LogFiles.open(logPath(self._directory, identifier))
            loan = self._loans[identifier] = _Loan(files)
        loan.readers += 1
        try:
            yield loan.files
        finally:
            loan.readers -= 1
            if not loan.readers:
                del self._loans[identifier]
                loan.files.close()
