"""
Logs that drop what is old, against a model that holds everything.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from hashlib import blake2b
from itertools import count

from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from jobworker.errors import SpoolDamaged
from jobworker.jobs import Source
from jobworker.logs.files import LogFiles as Files
from jobworker.logs.floors import GROUND, Floor
from jobworker.logs.frames import HEADER, Frame
from jobworker.logs.limits import Dropping
from jobworker.logs.quota import LEAST
from jobworker.logs.reading import (
    Chunk,
    ChunkCursor,
    Gap,
    Line,
    LineCursor,
    LineGap,
    offsetsOfLast,
    offsetsOfLine,
)
from jobworker.logs.recovery import recoverSpool
from jobworker.logs.spool import Spool
from tests.limitedlogs import (
    ALL,
    FEWER,
    LIMIT,
    Job,
    LimitCase,
    Reader,
    Script,
    pieces,
    scripts,
)
from tests.spools import everything

OUT, ERR = Source


@define
class Racing(Files):
    """
    The files of a log, to which something happens while they are read.

    @ivar happen: What, before each reading.
    """

    happen: Callable[[], None] = field(default=lambda: None, init=False)

    def read(
        self, source: Source, offset: int, length: int, wait: bool = True
    ) -> bytes:
        """
        Read bytes.
        """
        self.happen()
        return Files.read(self, source, offset, length, wait)

    def frames(self, number: int, wait: bool = True) -> list[Frame]:
        """
        Read frames.
        """
        self.happen()
        return Files.frames(self, number, wait)


class DroppingTests(LimitCase):
    """
    Logs that lose their oldest part.
    """

    def dropped(self, script: Script) -> tuple[Job, Floor]:
        """
        Let a job write something three times, and end.

        @return: What is known of it, and where its log begins now.
        """
        job, spool = self.dropping()
        for piece in script * 3:
            job.write(*piece)
        floor = spool.floor
        self.end(job)
        return job, floor

    @settings(max_examples=FEWER)
    @given(scripts, st.data())
    def test_exact(self, script: Script, data: st.DataObject) -> None:
        """
        Readers who begin at any time and read at any speed get everything
        that is there, byte for byte and line for line with its number, and
        are told of everything else; the log keeps within its limit; and who
        comes after the end gets what is left.
        """
        job, spool = self.dropping()
        readers: list[Reader] = []
        for piece in script * 3:
            job.write(*piece)
            self.assertLessEqual(spool.kept, LIMIT)
            if data.draw(st.booleans()):
                readers.append(self.reader(job))
            for reader in readers[-3:]:
                reader.read(data.draw(st.integers(1, 3000)))
        self.end(job)
        for reader in readers[-3:]:
            reader.finish()
        late = self.reader(job)
        late.finish()
        total = sum(map(len, job.written.values()))
        self.assertGreaterEqual(total - late.missing, min(total, LIMIT // 2))

    @settings(max_examples=FEWER)
    @given(scripts, st.data())
    def test_overtaken(self, script: Script, data: st.DataObject) -> None:
        """
        What is dropped while it is read is never delivered, not even as
        zeros: it is a gap.
        """
        job, _ = self.dropping()
        for piece in script:
            job.write(*piece)
        files = Racing.open(self.path)
        self.addCleanup(files.close)
        assert isinstance(files, Racing)
        rest = data.draw(st.lists(pieces, max_size=20))
        often = data.draw(st.integers(1, 5))
        calls = count(1)

        def happen() -> None:
            if next(calls) % often == 0 and rest:
                for _ in range(4):
                    job.write(*rest[-1])
                rest.pop()

        files.happen = happen
        reader = Reader(self, job, files)
        while rest:
            reader.read(data.draw(st.integers(1, 20_000)))
            happen()
        self.end(job)
        reader.finish()

    @given(scripts, st.booleans(), st.tuples(*[st.binary(max_size=9)] * 2))
    def test_crash(
        self,
        script: Script,
        punched: bool,
        behind: tuple[bytes, bytes],
    ) -> None:
        """
        A writer that dies, also after it has written a floor and before it
        has given anything back, leaves a log in which everything above the
        floor is there with its number.
        """
        job, spool = self.dropping(Spool if punched else Lazy)
        for piece in script * 4:
            job.write(*piece)
        job.writer.close()
        job.exit()
        floor = spool.floor
        for source, rest in zip(Source, behind, strict=True):
            with open(os.path.join(self.path, source.name.lower()), "ab") as file:
                file.write(rest)
            job.written[source] += rest
            *ended, job.begun[source] = (job.begun[source] + rest).split(b"\n")
            job.lines += [(source, line) for line in ended]
        self.assertTrue(recoverSpool(self.path))
        reader = self.reader(job)
        reader.finish()
        self.assertEqual(reader.missing, sum(m.begun for m in floor.marks.values()))
        self.assertFalse(recoverSpool(self.path))

    @given(scripts, st.data())
    def test_seeking(self, script: Script, data: st.DataObject) -> None:
        """
        Lines that are left are found at the same offsets as if nothing had
        been dropped; those that are not are looked for at the beginning,
        where the gap is.
        """
        job, floor = self.dropped(script)
        files = self.open()
        gone = sum(mark.lines for mark in floor.marks.values())
        number = data.draw(st.integers(0, len(job.lines)))
        expected = dict(ALL)
        for source, line in job.lines[:number]:
            expected[source] += len(line) + 1
        if number < gone:
            expected = dict(ALL)
        self.assertEqual(offsetsOfLine(files, Source, number), expected)
        wanted = data.draw(st.integers(0, 20))
        begin = offsetsOfLast(files, Source, wanted)
        rest = sum(
            len(data[begin[s] :].splitlines()) for s, data in job.written.items()
        )
        if gone == 0 or wanted < 5:
            self.assertEqual(rest, min(wanted, len(job.all())))

    @given(scripts, st.sampled_from(Source), st.data())
    def test_startAnywhere(
        self,
        script: Script,
        source: Source,
        data: st.DataObject,
    ) -> None:
        """
        Whoever asks for lines from a number on, or for bytes from an offset
        on, gets a gap first if those are gone, and else just those.
        """
        job, floor = self.dropped(script)
        files = self.open()
        gone = sum(mark.lines for mark in floor.marks.values())
        start = data.draw(st.integers(0, len(job.all())))
        lines = everything(LineCursor(files, start).read)
        self.assertEqual(
            [
                (line.number, line.source, line.data)
                for line in lines
                if isinstance(line, Line)
            ],
            [(n, *line) for n, line in enumerate(job.all())][max(start, gone) :],
        )
        gaps = [line.number for line in lines if isinstance(line, LineGap)]
        self.assertEqual(gaps != [], start < gone)
        self.assertTrue(all(start <= number < gone for number in gaps))
        begin = data.draw(st.integers(0, len(job.written[source])))
        chunks = everything(ChunkCursor(files, {source: begin}).read)
        bottom = floor.marks[source].begun
        if begin < bottom:
            gap = chunks.pop(0)
            assert isinstance(gap, Gap)
            self.assertEqual((gap.offset, gap.length), (begin, bottom - begin))
        got = b"".join(each.data for each in chunks if isinstance(each, Chunk))
        self.assertEqual(got, job.written[source][max(begin, bottom) :])
        digest = blake2b()
        whole = files.feed(digest, source, begin, len(job.written[source]))
        self.assertEqual(whole, begin >= bottom)
        if whole:
            self.assertEqual(digest.digest(), blake2b(got).digest())

    def test_space(self) -> None:
        """
        The disk space is given back, of the output and of the index.
        """
        job, _ = self.dropping()
        for _ in range(4000):
            job.write(OUT, 1, 100, b"")
        names = ("index", "stdout")
        stats = [os.stat(os.path.join(self.path, name)) for name in names]
        self.assertGreater(sum(stat.st_size for stat in stats), 20 * LIMIT)
        self.assertLess(sum(stat.st_blocks * 512 for stat in stats), 2 * LIMIT)
        self.end(job)

    def test_longLines(self) -> None:
        """
        A line as long as the limit is kept in part, and its pieces keep their
        numbers.
        """
        spool = self.begin()
        self.addCleanup(spool.close)
        job = Job(Dropping(spool, LEAST))
        self.addCleanup(job.exit)
        for _ in range(80):
            job.write(OUT, 0, 0, b"x" * 60_000)
        self.assertLessEqual(spool.kept, LEAST)
        lines = everything(LineCursor(self.open()).read)
        self.assertIsInstance(lines[0], LineGap)
        whole = [line for line in lines if isinstance(line, Line)]
        self.assertEqual({len(line.data) for line in whole}, {2**16})
        self.assertEqual(whole[-1].number, 80 * 60_000 // 2**16 - 1)

    def test_unable(self) -> None:
        """
        Where files cannot lose their beginning, the log ends at its limit.
        """
        job, spool = self.dropping(Rigid)
        for _ in range(100):
            job.write(OUT, 10, 90, b"")
        self.assertEqual(spool.floor, GROUND)
        self.end(job)
        reader = self.reader(job)
        gaps = [each for each in reader.chunks.read(2**20) if isinstance(each, Gap)]
        self.assertEqual(len(gaps), 1)
        self.assertGreater(gaps[0].offset, LIMIT * 3 // 4)
        self.assertLessEqual(spool.kept, LIMIT)

    def test_damaged(self) -> None:
        """
        A log whose floor cannot be told is refused.
        """
        job, _ = self.dropping()
        for _ in range(40):
            job.write(OUT, 10, 90, b"")
        self.end(job)
        index = os.path.join(self.path, "index")
        with open(index, "r+b") as file:
            file.seek(40)
            file.write(b"garbage")
        files = self.open()
        self.assertRaises(SpoolDamaged, ChunkCursor(files, ALL).read, 100)
        self.assertRaises(SpoolDamaged, LineCursor(files).read, 100)
        self.assertRaises(SpoolDamaged, files.feed, blake2b(), OUT, 0, 100)
        self.assertRaises(SpoolDamaged, recoverSpool, self.path)

    @settings(max_examples=FEWER)
    @given(scripts, st.data())
    def test_garbled(self, script: Script, data: st.DataObject) -> None:
        """
        If anything in the index was overwritten, also what says where the log
        begins, readers get nothing that was not written, and after recovery
        all that is left, unless either is refused.
        """
        job, floor = self.dropped(script)
        index = os.path.join(self.path, "index")
        size = os.stat(index).st_size
        at = data.draw(st.integers(0, len(HEADER)) | st.integers(0, size - 1))
        noise = data.draw(st.binary(min_size=1, max_size=100) | st.just(bytes(80)))
        with open(index, "r+b") as file:
            file.seek(at)
            file.write(noise)
        with contextlib.suppress(SpoolDamaged):
            reader = self.reader(job)
            while not reader.chunks.finished and reader.read(5000):
                pass
        try:
            recoverSpool(self.path)
        except SpoolDamaged:
            self.assertLess(at, len(HEADER))
            return
        for source in Source:
            items = everything(ChunkCursor(self.open(), {source: 0}).read)
            got = b"".join(each.data for each in items if isinstance(each, Chunk))
            whole = job.written[source]
            self.assertGreaterEqual(len(got), len(whole) - floor.marks[source].begun)
            self.assertEqual(got, whole[len(whole) - len(got) :])

    def test_headerCut(self) -> None:
        """
        A log that has lost its header after something was dropped is not
        taken for a whole one.
        """
        job, _ = self.dropping()
        for _ in range(40):
            job.write(OUT, 10, 90, b"")
        self.end(job)
        os.truncate(os.path.join(self.path, "index"), 20)
        self.assertRaises(SpoolDamaged, recoverSpool, self.path)


@define
class Lazy(Spool):
    """
    A spool that dies before it gives anything back.
    """

    def punch(self, before: Floor, floor: Floor) -> None:
        """
        Do not.
        """


@define
class Rigid(Spool):
    """
    A spool on a file system that cannot free parts of files.
    """

    def canDrop(self) -> bool:
        """
        Say so.
        """
        return False
