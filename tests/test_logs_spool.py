"""
Writing logs, against a model that holds them in memory; and what becomes of
them when the writer or the machine dies.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from itertools import count
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.errors import SpoolDamaged
from jobworker.jobs import Source
from jobworker.logs.frames import HEADER, SIZE
from jobworker.logs.layout import FILES, INDEX, removeSpool
from jobworker.logs.reading import Chunk, ChunkCursor, LogFiles
from jobworker.logs.recovery import recoverSpool
from jobworker.logs.spool import Spool, createSpool

from .descriptors import openFiles
from .spools import Writes, content, everything, extend, fileLimit, short, writes

OUT, ERR = Source
ALL = dict.fromkeys(Source, 0)


class SpoolCase(SynchronousTestCase):
    """
    What tests of spools need.
    """

    def setUp(self) -> None:
        """
        Choose a place.
        """
        self.path = os.path.join(self.mktemp(), "log")

    def create(self) -> Spool:
        """
        Begin a log in place of the one before.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        return createSpool(self.path, count(1).__next__)

    def file(self, source: Source) -> Path:
        """
        Name the file of a source.
        """
        return Path(self.path, FILES[source])

    @property
    def index(self) -> Path:
        """
        The index.
        """
        return Path(self.path, INDEX)

    def chunks(self) -> tuple[list[Chunk], bool]:
        """
        Read everything.

        @return: What there is, and whether the log is sealed.
        """
        files = LogFiles.open(self.path)
        try:
            cursor = ChunkCursor(files, ALL)
            items = everything(cursor.read, 2**20)
            chunks = [each for each in items if isinstance(each, Chunk)]
            return chunks, cursor.finished
        finally:
            files.close()

    def read(self) -> dict[Source, bytes]:
        """
        Read a log that must be sealed.
        """
        chunks, sealed = self.chunks()
        self.assertTrue(sealed)
        return {s: content([(c.source, c.data) for c in chunks], s) for s in Source}


class WritingTests(SpoolCase):
    """
    What is written is there.
    """

    @given(writes, st.data())
    def test_exact(self, what: Writes, data: st.DataObject) -> None:
        """
        Whether bytes are appended or come through a pipe, in whatever pieces,
        they are read as they were written, and in that order.
        """
        spool = self.create()
        for source, piece in what:
            if data.draw(st.booleans()):
                spool.append(source, piece)
            else:
                self.pipe(spool, source, piece)
        spool.seal()
        spool.close()
        self.assertEqual(self.read(), {s: content(what, s) for s in Source})
        chunks, _ = self.chunks()
        order = [chunk.source for chunk in chunks]
        written = [source for source, piece in what if piece]
        self.assertEqual(_turns(order), _turns(written))

    def pipe(self, spool: Spool, source: Source, piece: bytes) -> None:
        """
        Send bytes through a pipe.
        """
        reader, writer = os.pipe2(os.O_NONBLOCK)
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(writer, rest) :]
                _drain(spool, source, reader)
            os.close(writer)
            writer = -1
            self.assertEqual(spool.transfer(source, reader), 0)
        finally:
            os.close(reader)
            if writer >= 0:
                os.close(writer)

    def test_emptyPipe(self) -> None:
        """
        A pipe which holds nothing just now is told from one that has ended.
        """
        spool = self.create()
        self.addCleanup(spool.close)
        reader, writer = os.pipe2(os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        self.assertRaises(BlockingIOError, spool.transfer, OUT, reader)
        os.close(writer)
        self.assertEqual(spool.transfer(OUT, reader), 0)

    def test_private(self) -> None:
        """
        Nobody else may read a log, but the group of the directory that it is in.
        """
        self.create().close()
        modes = {os.stat(self.path).st_mode & 0o777}
        self.assertEqual({mode & ~0o050 for mode in modes}, {0o700})
        files = [self.index, *map(self.file, Source)]
        modes = {os.stat(file).st_mode & 0o777 for file in files}
        self.assertEqual({mode & ~0o040 for mode in modes}, {0o600})

    def test_twice(self) -> None:
        """
        A log which is there is not begun again, and keeps what it has.
        """
        spool = self.create()
        spool.append(OUT, b"kept")
        spool.close()
        self.assertRaises(FileExistsError, createSpool, self.path)
        recoverSpool(self.path)
        self.assertEqual(self.read()[OUT], b"kept")

    def test_remove(self) -> None:
        """
        A log is removed, whatever there is of it.
        """
        self.create().close()
        self.file(OUT).unlink()
        removeSpool(self.path)
        self.assertFalse(os.path.exists(self.path))
        removeSpool(self.path)


class FullTests(SpoolCase):
    """
    A disk that takes no more.
    """

    @given(st.lists(short, max_size=12), st.integers(0, 600))
    def test_again(self, what: Writes, room: int) -> None:
        """
        Whatever the disk refuses can be done again when there is room, and
        then nothing is lost and nothing is there twice.
        """
        shutil.rmtree(self.path, ignore_errors=True)
        with fileLimit(room):
            try:
                spool = createSpool(self.path, count(1).__next__)
            except OSError:
                self.assertLess(room, len(HEADER))
                self.assertFalse(os.path.exists(self.path))
                return
            done = self.extend(spool, what)
        extend(spool, what[done:])
        spool.seal()
        spool.close()
        self.assertEqual(self.read(), {s: content(what, s) for s in Source})

    def extend(self, spool: Spool, what: Writes) -> int:
        """
        Write until the disk is full.

        @return: How many pieces need not be written again.
        """
        for number, (source, piece) in enumerate(what):
            before = spool.size(source)
            try:
                spool.append(source, piece)
            except OSError:
                return number + (spool.size(source) > before)
        with contextlib.suppress(OSError):
            spool.seal()
        return len(what)

    def test_pipeKeeps(self) -> None:
        """
        What does not fit stays in the pipe, and comes when there is room.
        """
        spool = self.create()
        reader, writer = os.pipe2(os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        data = bytes(range(256)) * 64
        os.write(writer, data)
        os.close(writer)
        with fileLimit(5000):
            moved = 0
            with self.assertRaises(OSError):
                while True:
                    moved += spool.transfer(OUT, reader)
            self.assertLessEqual(moved, 5000)
        while spool.transfer(OUT, reader):
            pass
        spool.seal()
        spool.close()
        self.assertEqual(self.read()[OUT], data)


class RecoveryTests(SpoolCase):
    """
    Logs whose writer has died.
    """

    @given(writes, st.booleans(), st.tuples(*[st.binary(max_size=9)] * 2))
    def test_writerDied(
        self, what: Writes, sealed: bool, behind: tuple[bytes, bytes]
    ) -> None:
        """
        If only the process died, every byte that reached a file is there, in
        the order that the index knows, what it does not know of last; and to
        recover again changes nothing.
        """
        spool = self.create()
        extend(spool, what)
        if sealed:
            spool.seal()
            behind = (b"", b"")
        spool.close()
        before, _ = self.chunks()
        for source, rest in zip(Source, behind, strict=True):
            with self.file(source).open("ab") as file:
                file.write(rest)
        self.assertEqual(recoverSpool(self.path), not sealed)
        tail = list(zip(Source, behind, strict=True))
        self.assertEqual(self.read(), {s: content([*what, *tail], s) for s in Source})
        after, _ = self.chunks()
        self.assertEqual(
            _turns([chunk.source for chunk in after]),
            _turns([chunk.source for chunk in before] + [s for s, b in tail if b]),
        )
        self.assertFalse(recoverSpool(self.path))
        self.assertEqual(self.chunks()[0], after)

    @given(writes, st.data())
    def test_indexCut(self, what: Writes, data: st.DataObject) -> None:
        """
        Wherever the index was cut, all bytes are there after recovery.
        """
        spool = self.create()
        extend(spool, what)
        spool.close()
        size = self.index.stat().st_size
        os.truncate(self.index, data.draw(st.integers(0, size)))
        self.assertTrue(recoverSpool(self.path))
        self.assertEqual(self.read(), {s: content(what, s) for s in Source})

    @given(writes, st.sampled_from(Source), st.data())
    def test_fileCut(self, what: Writes, source: Source, data: st.DataObject) -> None:
        """
        Wherever a file was cut, what is left of it is there after recovery,
        and nothing else is in its place.
        """
        spool = self.create()
        extend(spool, what)
        spool.close()
        size = self.file(source).stat().st_size
        left = data.draw(st.integers(0, size))
        os.truncate(self.file(source), left)
        recoverSpool(self.path)
        expected = {s: content(what, s) for s in Source}
        expected[source] = expected[source][:left]
        self.assertEqual(self.read(), expected)

    @given(writes, st.booleans(), st.data())
    def test_garbled(self, what: Writes, seal: bool, data: st.DataObject) -> None:
        """
        An index in which anything was overwritten is either refused or read
        as it was; and if it can be recovered, all bytes are there after that.
        """
        spool = self.create()
        extend(spool, what)
        if seal:
            spool.seal()
        spool.close()
        block = bytearray(self.index.read_bytes())
        at = data.draw(st.integers(0, len(block) - 1))
        noise = data.draw(st.binary(min_size=1, max_size=2 * SIZE))
        block[at : at + len(noise)] = noise
        self.index.write_bytes(block)
        expected = {s: content(what, s) for s in Source}
        try:
            chunks, _ = self.chunks()
        except SpoolDamaged:
            pass
        else:
            for chunk in chunks:
                end = chunk.offset + len(chunk.data)
                self.assertEqual(chunk.data, expected[chunk.source][chunk.offset : end])
        try:
            recoverSpool(self.path)
        except SpoolDamaged:
            self.assertLess(at, len(HEADER))
            return
        self.assertEqual(self.read(), expected)

    def test_nothing(self) -> None:
        """
        Where there is no log there is nothing to recover.
        """
        self.assertRaises(FileNotFoundError, recoverSpool, self.path)

    def test_filesMissing(self) -> None:
        """
        A log that the machine's crash left a directory of is an empty one.
        """
        os.makedirs(self.path)
        self.assertTrue(recoverSpool(self.path))
        self.assertEqual(self.read(), dict.fromkeys(Source, b""))

    def test_foreign(self) -> None:
        """
        A file of somebody else is refused and not touched.
        """
        os.makedirs(self.path)
        self.index.write_bytes(b"something else, but long enough")
        self.assertRaises(SpoolDamaged, recoverSpool, self.path)
        self.assertEqual(self.index.read_bytes(), b"something else, but long enough")

    def test_noLeak(self) -> None:
        """
        A recovery that fails for want of descriptors leaves none open.
        """
        self.create().close()
        before = openFiles()
        self.file(ERR).unlink()
        self.file(ERR).mkdir()
        self.assertRaises(IsADirectoryError, recoverSpool, self.path)
        self.assertLessEqual(openFiles(), before)


def _drain(spool: Spool, source: Source, pipe: int) -> None:
    """
    Move until the pipe is empty.
    """
    with contextlib.suppress(BlockingIOError):
        while spool.transfer(source, pipe):
            pass


def _turns(sources: list[Source]) -> list[Source]:
    """
    Leave out what follows its like.
    """
    return [s for n, s in enumerate(sources) if n == 0 or sources[n - 1] is not s]
