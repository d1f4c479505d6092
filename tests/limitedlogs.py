"""
Jobs whose logs keep within a limit, and a model that holds everything.
"""

from __future__ import annotations

import os
import shutil
from itertools import count
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Source
from jobworker.logs.files import LogFiles as Files
from jobworker.logs.limits import Dropping, Writer
from jobworker.logs.reading import (
    Chunk,
    ChunkCursor,
    LineCursor,
    LineGap,
    LogFiles,
)
from jobworker.logs.spool import Spool, createSpool

ALL = dict.fromkeys(Source, 0)

# Small, so that much can happen in little time; Quota would not allow it.
LIMIT = 2**14

# Examples of what takes long.
FEWER = settings().max_examples // 2

# What is written, bit by bit: to a source, so many lines, so wide, and what
# stands behind them.
Script: TypeAlias = list[tuple[Source, int, int, bytes]]

pieces = st.tuples(
    st.sampled_from(Source),
    st.integers(0, 60),
    st.integers(1, 90),
    st.sampled_from([b"", b"unfinished ", b"\x80\n"]),
)

scripts = st.lists(pieces, min_size=1, max_size=30)


class Job:
    """
    Somebody who writes numbered lines into pipes, and remembers them.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.written = dict.fromkeys(Source, b"")
        self.lines: list[tuple[Source, bytes]] = []
        self.begun = dict.fromkeys(Source, b"")
        self.pipes = {source: os.pipe2(os.O_NONBLOCK) for source in Source}

    def write(self, source: Source, number: int, width: int, rest: bytes) -> None:
        """
        Write some lines, and have them moved.
        """
        data = rest
        for _ in range(number):
            data += b"%0*d\n" % (width, len(self.lines) + data.count(b"\n"))
        if not data:
            return
        assert os.write(self.pipes[source][1], data) == len(data)
        self.written[source] += data
        *ended, self.begun[source] = (self.begun[source] + data).split(b"\n")
        self.lines += [(source, line) for line in ended]
        self.move(source)

    def move(self, source: Source) -> None:
        """
        Empty a pipe.
        """
        try:
            while True:
                self.writer.transfer(source, self.pipes[source][0])
        except BlockingIOError:
            pass

    def exit(self) -> None:
        """
        Close everything, but for the log.
        """
        for both in self.pipes.values():
            for descriptor in both:
                os.close(descriptor)

    def all(self) -> list[tuple[Source, bytes]]:
        """
        All lines, as they are when the log is sealed.
        """
        return self.lines + [(s, rest) for s, rest in self.begun.items() if rest]


class Reader:
    """
    Somebody who reads a log in chunks and by lines, and checks that it is
    what was written, with all that is missing said.
    """

    def __init__(self, case: SynchronousTestCase, job: Job, files: Files) -> None:
        self.case = case
        self.job = job
        self.chunks = ChunkCursor(files, ALL)
        self.lines = LineCursor(files)
        self.at = dict(ALL)
        self.number = 0
        self.missing = 0
        self.gone = False
        self.kept: list[int] = []

    def read(self, limit: int, wait: bool = True) -> bool:
        """
        Read a little.

        @return: Whether there was anything.
        """
        items = self.chunks.read(limit, wait)
        for item in items:
            self.case.assertEqual(item.offset, self.at[item.source])
            if isinstance(item, Chunk):
                end = item.offset + len(item.data)
                self.case.assertEqual(
                    item.data, self.job.written[item.source][item.offset : end]
                )
            else:
                self.missing += item.length
                end = item.offset + item.length
            self.at[item.source] = end
        self.case.assertEqual(self.chunks.offsets, self.at)
        lines = self.lines.read(limit, wait)
        for line in lines:
            if isinstance(line, LineGap):
                self.case.assertGreaterEqual(line.number, self.number)
                self.gone = True
            else:
                if line.number != self.number:
                    self.case.assertTrue(self.gone)
                number = line.number
                known = self.job.lines
                if number >= len(known):
                    known = self.job.all()
                self.case.assertEqual((line.source, line.data), known[number])
                self.kept.append(line.number)
                self.gone = False
            self.number = line.number + 1
        return bool(items or lines)

    def finish(self) -> None:
        """
        Read all the rest.
        """
        while not (self.chunks.finished and self.lines.finished):
            self.read(5000)
        self.case.assertEqual(
            self.at, {s: len(data) for s, data in self.job.written.items()}
        )
        self.case.assertEqual(self.number, len(self.job.all()))


class LimitCase(SynchronousTestCase):
    """
    What tests of limits need.
    """

    def setUp(self) -> None:
        """
        Choose a place.
        """
        self.path = os.path.join(self.mktemp(), "log")
        self.spool: Spool | None = None

    def begin(self, kind: type[Spool] = Spool) -> Spool:
        """
        Begin a log in place of the one before.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        spool = createSpool(self.path, count(1).__next__)
        return kind(self.path, spool._index, spool._files, spool._now)

    def dropping(self, kind: type[Spool] = Spool) -> tuple[Job, Spool]:
        """
        Begin a log that drops what is old.
        """
        spool = self.begin(kind)
        return Job(Dropping(spool, LIMIT)), spool

    def open(self) -> LogFiles:
        """
        Open the log.
        """
        files = LogFiles.open(self.path)
        self.addCleanup(files.close)
        return files

    def reader(self, job: Job) -> Reader:
        """
        Begin to read.
        """
        return Reader(self, job, self.open())

    def end(self, job: Job) -> None:
        """
        End a job and its log.
        """
        job.writer.seal()
        job.writer.close()
        job.exit()
