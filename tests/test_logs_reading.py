"""
Reading logs, against a model that holds them in memory.
"""

from __future__ import annotations

import os
import shutil
from hashlib import blake2b
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import SpoolDamaged
from jobworker.jobs import Source
from jobworker.logs.reading import (
    MAX_LINE,
    Chunk,
    ChunkCursor,
    Library,
    Line,
    LineCursor,
    LogFiles,
    offsetsOfLast,
    offsetsOfLine,
)
from jobworker.logs.spool import createSpool

from .spools import Writes, content, everything, extend, writes, writeSpool

ALL = dict.fromkeys(Source, 0)
CHUNK = 2**16
limits = st.integers(2**10, 3 * CHUNK)


class LogCase(SynchronousTestCase):
    """
    What tests of logs need.
    """

    def setUp(self) -> None:
        """
        Choose a place.
        """
        self.path = os.path.join(self.mktemp(), "log")

    def files(self, what: Writes, seal: bool = True) -> LogFiles:
        """
        Write a log and open it, once more and again.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        writeSpool(self.path, what, seal)
        files = LogFiles.open(self.path)
        self.addCleanup(files.close)
        return files


class ChunkTests(LogCase):
    """
    Reading in chunks.
    """

    @given(writes, limits)
    def test_exact(self, what: Writes, limit: int) -> None:
        """
        Each source is delivered byte for byte, in consecutive chunks, no more
        at once than is wanted, and then the cursor is finished.
        """
        cursor = ChunkCursor(self.files(what), ALL)
        got = dict.fromkeys(Source, b"")
        while chunks := cursor.read(limit):
            left = limit
            for chunk in chunks:
                assert isinstance(chunk, Chunk)
                self.assertEqual(chunk.offset, len(got[chunk.source]))
                got[chunk.source] += chunk.data
                left -= len(chunk.data)
            self.assertGreaterEqual(left, 0)
        self.assertEqual(got, {source: content(what, source) for source in Source})
        self.assertEqual(cursor.offsets, {s: len(data) for s, data in got.items()})
        self.assertTrue(cursor.finished)

    @given(writes, st.data())
    def test_anywhere(self, what: Writes, data: st.DataObject) -> None:
        """
        A reader that begins at some offsets gets just what is behind them.
        """
        begin = {
            source: data.draw(st.integers(0, len(content(what, source))))
            for source in data.draw(st.sets(st.sampled_from(Source), min_size=1))
        }
        cursor = ChunkCursor(self.files(what), begin)
        got = dict.fromkeys(begin, b"")
        while chunks := cursor.read(CHUNK):
            for chunk in chunks:
                assert isinstance(chunk, Chunk)
                self.assertEqual(
                    chunk.offset, begin[chunk.source] + len(got[chunk.source])
                )
                got[chunk.source] += chunk.data
        self.assertEqual(got, {s: content(what, s)[at:] for s, at in begin.items()})

    @given(st.lists(writes, max_size=4))
    def test_live(self, stages: list[Writes]) -> None:
        """
        A reader that has come to the end of a log that is being written gets
        what comes later, and knows that it is not finished.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        spool = createSpool(self.path, count(1).__next__)
        self.addCleanup(spool.close)
        files = LogFiles.open(self.path)
        self.addCleanup(files.close)
        cursor = ChunkCursor(files, ALL)
        for stage in stages:
            extend(spool, stage)
            got = dict.fromkeys(Source, b"")
            while chunks := cursor.read(CHUNK, wait=False):
                for chunk in chunks:
                    assert isinstance(chunk, Chunk)
                    got[chunk.source] += chunk.data
            self.assertEqual(got, {s: content(stage, s) for s in Source})
            self.assertFalse(cursor.finished)
        spool.seal()
        self.assertEqual(cursor.read(CHUNK), [])
        self.assertTrue(cursor.finished)

    def test_little(self) -> None:
        """
        Who wants one byte at a time gets that.
        """
        out, err = Source.STDOUT, Source.STDERR
        cursor = ChunkCursor(self.files([(out, b"ab"), (err, b"c")]), ALL)
        got = []
        while chunks := cursor.read(1):
            got += [(c.source, c.data) for c in chunks if isinstance(c, Chunk)]
        self.assertEqual(got, [(out, b"a"), (out, b"b"), (err, b"c")])

    def test_order(self) -> None:
        """
        Chunks of different sources come in the order in which they were
        written, and consecutive pieces of one source in one chunk.
        """
        out, err = Source.STDOUT, Source.STDERR
        files = self.files([(out, b"a"), (out, b"b"), (err, b"c"), (out, b"d")])
        chunks = ChunkCursor(files, ALL).read(CHUNK)
        self.assertEqual(
            [(c.source, c.data) for c in chunks if isinstance(c, Chunk)],
            [(out, b"ab"), (err, b"c"), (out, b"d")],
        )


def model(what: Writes) -> list[tuple[Source, bytes, bool]]:
    """
    Number lines the slow way: byte by byte.
    """
    held = {source: bytearray() for source in Source}
    lines: list[tuple[Source, bytes, bool]] = []
    for source, data in what:
        line = held[source]
        for byte in data:
            if byte == ord("\n"):
                lines.append((source, bytes(line), True))
                line.clear()
                continue
            line.append(byte)
            if len(line) > MAX_LINE:
                cut = MAX_LINE
                while cut > MAX_LINE - 3 and line[cut] & 0xC0 == 0x80:
                    cut -= 1
                if line[cut] < 0xC0:
                    cut = MAX_LINE
                lines.append((source, bytes(line[:cut]), False))
                del line[:cut]
    return lines + [(s, bytes(held[s]), False) for s in Source if held[s]]


class LineTests(LogCase):
    """
    Reading by lines.
    """

    def read(self, cursor: LineCursor, limit: int = CHUNK) -> list[Line]:
        """
        Read to the end.
        """
        lines: list[Line] = []
        for line in everything(cursor.read, limit):
            assert isinstance(line, Line)
            lines.append(line)
        return lines

    @given(writes, limits, st.data())
    def test_numbers(self, what: Writes, limit: int, data: st.DataObject) -> None:
        """
        Lines are those of the model, numbered from 0, from whatever number on
        a reader asks for them.
        """
        files = self.files(what)
        lines = self.read(LineCursor(files), limit)
        self.assertEqual(
            [(line.source, line.data, line.terminated) for line in lines], model(what)
        )
        self.assertEqual([line.number for line in lines], list(range(len(lines))))
        start = data.draw(st.integers(0, len(lines) + 1))
        cursor = LineCursor(files, start)
        self.assertEqual(self.read(cursor, limit), lines[start:])
        self.assertTrue(cursor.finished)

    @given(writes, st.data())
    def test_offsets(self, what: Writes, data: st.DataObject) -> None:
        """
        The offsets of a line are behind all lines before it.
        """
        files = self.files(what, seal=False)
        complete = self.read(LineCursor(files))
        number = data.draw(st.integers(0, len(complete) + 1))
        expected = dict(ALL)
        for line in complete[:number]:
            expected[line.source] += len(line.data) + line.terminated
        self.assertEqual(offsetsOfLine(files, Source, number), expected)

    @given(writes, st.integers(0, 5))
    def test_last(self, what: Writes, wanted: int) -> None:
        """
        From the offsets of the last lines on there are so many lines.
        """
        files = self.files(what)
        total = len(self.read(LineCursor(files)))
        begin = offsetsOfLast(files, [Source.STDOUT, Source.STDERR], wanted)
        rest = [(s, content(what, s)[at:]) for s, at in begin.items()]
        unfinished = sum(bool(c) and not c.endswith(b"\n") for _, c in rest)
        if unfinished < 2 and all(len(c) < MAX_LINE for _, c in rest):
            self.assertEqual(sum(len(model([r])) for r in rest), min(wanted, total))

    def test_oneSource(self) -> None:
        """
        Lines of sources that are not asked for do not count.
        """
        out, err = Source.STDOUT, Source.STDERR
        files = self.files([(err, b"1\n"), (out, b"2\n"), (err, b"3\n"), (out, b"4\n")])
        self.assertEqual(offsetsOfLine(files, [out], 1), {out: 2})
        self.assertEqual(offsetsOfLast(files, [err], 1), {err: 2})


class FileTests(LogCase):
    """
    Files that are there, missing, or damaged.
    """

    def test_digest(self) -> None:
        """
        A digest covers just the part asked for.
        """
        files = self.files([(Source.STDOUT, b"0123456789")])
        digest = blake2b(b"01")
        self.assertTrue(files.feed(digest, Source.STDOUT, 2, 5))
        self.assertEqual(digest.digest(), blake2b(b"01234").digest())

    def test_missing(self) -> None:
        """
        A log that is not there is not opened.
        """
        self.assertRaises(FileNotFoundError, LogFiles.open, self.path)

    def test_foreign(self) -> None:
        """
        A directory with other files is not taken for a log.
        """
        self.files([])
        with open(os.path.join(self.path, "index"), "wb") as index:
            index.write(b"something else, but long enough")
        self.assertRaises(SpoolDamaged, LogFiles.open, self.path)

    def test_truncated(self) -> None:
        """
        Bytes that the index knows of and that are not there are missed.
        """
        files = self.files([(Source.STDOUT, b"0123456789")])
        os.truncate(os.path.join(self.path, "stdout"), 4)
        error = self.assertRaises(SpoolDamaged, ChunkCursor(files, ALL).read, CHUNK)
        self.assertIn("ends at byte 4", str(error))

    def test_library(self) -> None:
        """
        A log is opened once for all who borrow it at the same time, and closed
        after the last.
        """
        directory = self.mktemp()
        identifier = "0a000000-0000-4000-8000-000000000000"
        writeSpool(os.path.join(directory, "0a", identifier), [])
        library = Library(directory)
        with library.borrow(identifier) as first, library.borrow(identifier) as second:
            self.assertIs(first, second)
        self.assertRaises(OSError, first.sizes)
