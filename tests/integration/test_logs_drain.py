"""
The thread that fills the spools, taken through its steps one by one.

Pipes and files are real; the clock is ours, and what the drain tells the
reactor thread is done at once.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from itertools import count

from zope.interface import implementer

from attrs import define
from hypothesis import given
from hypothesis import strategies as st

from twisted.internet.interfaces import IReactorFromThreads
from twisted.trial.unittest import SynchronousTestCase

from jobworker.jobs import Source
from jobworker.logs.collection import Collection
from jobworker.logs.drain import Drain
from jobworker.logs.reading import ChunkCursor, LogFiles
from jobworker.logs.recovery import recoverSpool
from jobworker.logs.spool import TRANSFER, Spool, createSpool
from tests.spools import Piece, bytesOf, content, short

OUT, ERR = Source


@implementer(IReactorFromThreads)
class Hands:
    """
    The reactor, as far as the drain knows it.
    """

    def callFromThread(
        self, callable: Callable[..., object], *args: object, **kwargs: object
    ) -> None:
        """
        Call at once.
        """
        callable(*args, **kwargs)


@define
class Disk(Spool):
    """
    A spool on a disk that can be full.

    @ivar full: Whether nothing more fits.
    @ivar indexFull: Whether no more frames fit.
    """

    full: bool = False
    indexFull: bool = False

    @classmethod
    def make(cls, path: str) -> Disk:
        """
        Begin a log.
        """
        spool = createSpool(path, count(1).__next__)
        return cls(path, spool._index, spool._files, spool._now)

    def transfer(self, source: Source, pipe: int, most: int = TRANSFER) -> int:
        """
        Refuse, or move.
        """
        if self.full:
            raise OSError(errno.ENOSPC, "full")
        return super().transfer(source, pipe, most)

    def flush(self) -> None:
        """
        Refuse, or write the frame that is due.
        """
        if (self.full or self.indexFull) and self._unwritten is not None:
            raise OSError(errno.ENOSPC, "full")
        super().flush()


class Job:
    """
    Somebody who writes into pipes, and what is reported of the log.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.reports: list[str] = []
        self.writers: dict[Source, int] = {}
        readers: dict[Source, int] = {}
        for source in Source:
            readers[source], self.writers[source] = os.pipe2(os.O_NONBLOCK)
        self.disk = Disk.make(path)
        self.collection = Collection(
            self.disk,
            readers,
            lambda: self.reports.append("grew"),
            lambda: self.reports.append("dry"),
            lambda: self.reports.append("sealed"),
        )

    def write(self, source: Source, data: bytes) -> None:
        """
        Write what must fit into the pipe.
        """
        assert os.write(self.writers[source], data) == len(data)

    def exit(self) -> None:
        """
        Close the writing ends.
        """
        while self.writers:
            os.close(self.writers.popitem()[1])

    def read(self) -> dict[Source, bytes]:
        """
        Read what is in the log.
        """
        files = LogFiles.open(self.path)
        try:
            cursor = ChunkCursor(files, dict.fromkeys(Source, 0))
            chunks = cursor.read(2**30)
            return {s: bytesOf(chunks, s) for s in Source}
        finally:
            files.close()


class DrainTests(SynchronousTestCase):
    """
    What the drain does for a job.
    """

    def setUp(self) -> None:
        """
        Make a drain without a thread.
        """
        self.before = set(os.listdir("/proc/self/fd"))
        self.now = 0.0
        self.directory = self.mktemp()
        self.begin()

    def begin(self) -> None:
        """
        Make a drain, and a job for it.
        """
        shutil.rmtree(self.directory, ignore_errors=True)
        self.drain = Drain(Hands(), lambda: self.now)
        self.job = Job(os.path.join(self.directory, "log"))
        self.drain.collect(self.job.collection)
        self.drain.step()

    def finish(self) -> None:
        """
        End everything, which leaves no descriptor open.
        """
        self.drain.close()
        self.drain.run()
        self.job.exit()
        self.assertLessEqual(set(os.listdir("/proc/self/fd")), self.before)

    def test_life(self) -> None:
        """
        What is written is reported as growth; after the end of all pipes the
        log is dry, and after the seal it is complete.
        """
        self.job.write(OUT, b"one")
        self.drain.step()
        self.assertEqual(self.job.reports, ["grew"])
        self.assertEqual(self.job.read(), {OUT: b"one", ERR: b""})
        self.job.exit()
        self.drain.step()
        self.assertEqual(self.job.reports, ["grew", "dry"])
        self.drain.seal(self.job.collection)
        self.drain.step()
        self.assertEqual(self.job.reports, ["grew", "dry", "grew", "sealed"])
        self.finish()

    def test_reportsAreFew(self) -> None:
        """
        Growth that comes right after a report is reported with what comes
        later.
        """
        for byte in (b"1", b"2", b"3"):
            self.job.write(OUT, byte)
            self.drain.step()
        self.assertEqual(self.job.reports, ["grew"])
        self.now += 1.0
        self.drain.step()
        self.assertEqual(self.job.reports, ["grew", "grew"])
        self.assertEqual(self.job.read()[OUT], b"123")
        self.finish()

    def test_sealedWhileHeld(self) -> None:
        """
        A log is sealed with what the pipes hold, though somebody still has
        their writing ends.
        """
        self.job.write(ERR, b"last words")
        self.drain.seal(self.job.collection)
        self.drain.step()
        self.assertEqual(self.job.reports[-1], "sealed")
        self.assertEqual(self.job.read()[ERR], b"last words")
        self.assertRaises(BrokenPipeError, self.job.write, ERR, b"too late")
        self.finish()

    def test_closed(self) -> None:
        """
        A drain that is closed leaves logs that can be recovered, and does not
        do what is ordered afterwards.
        """
        self.job.write(OUT, b"some")
        self.drain.step()
        self.finish()
        self.drain.seal(self.job.collection)
        self.assertEqual(self.job.reports, ["grew"])
        recoverSpool(self.job.path)
        self.assertEqual(self.job.read()[OUT], b"some")

    def test_closedWhenDry(self) -> None:
        """
        A drain that is closed lets go of a log whose pipes have all ended.
        """
        self.job.exit()
        self.drain.step()
        self.assertEqual(self.job.reports, ["dry"])
        self.finish()

    def test_full(self) -> None:
        """
        While the disk takes nothing the job's pipe fills and other jobs go
        on; when there is room again nothing is missing.
        """
        other = Job(os.path.join(self.directory, "other"))
        self.drain.collect(other.collection)
        self.job.disk.full = True
        self.job.write(OUT, b"waits")
        self.drain.step()
        other.write(OUT, b"goes on")
        self.drain.step()
        self.assertEqual(other.read()[OUT], b"goes on")
        self.job.write(OUT, b" until")
        for _ in range(3):
            self.now += 1.0
            self.drain.step()
        self.assertEqual(self.job.read()[OUT], b"")
        self.job.disk.full = False
        self.job.exit()
        self.now += 1.0
        self.drain.step()
        self.assertEqual(self.job.read()[OUT], b"waits until")
        self.drain.step()
        self.assertIn("dry", self.job.reports)
        other.exit()
        self.finish()

    def test_fullAtSeal(self) -> None:
        """
        A log that is to be sealed on a full disk is sealed when there is
        room, with all that was in the pipes.
        """
        self.job.disk.full = True
        self.job.write(OUT, b"late")
        self.drain.seal(self.job.collection)
        self.drain.step()
        self.now += 1.0
        self.drain.step()
        self.assertNotIn("sealed", self.job.reports)
        self.job.disk.full = False
        self.now += 1.0
        self.drain.step()
        self.assertEqual(self.job.reports[-1], "sealed")
        self.assertEqual(self.job.read()[OUT], b"late")
        self.finish()

    @given(st.lists(st.tuples(short, st.booleans(), st.booleans()), max_size=8))
    def test_refusals(self, what: list[tuple[Piece, bool, bool]]) -> None:
        """
        Whenever and whatever the disk refuses, bytes or their entry in the
        index, readers are told of all that came once there is room.
        """
        self.job.exit()
        self.drain.close()
        self.drain.run()
        self.begin()
        for (source, data), self.job.disk.full, self.job.disk.indexFull in what:
            self.now += 1.0
            self.job.write(source, data)
            self.drain.step()
        told = len(self.job.reports)
        seen = self.job.read()
        self.job.disk.full = self.job.disk.indexFull = False
        self.now += 1.0
        self.drain.seal(self.job.collection)
        self.drain.step()
        expected = {s: content([piece for piece, _, _ in what], s) for s in Source}
        self.assertEqual(self.job.read(), expected)
        if seen != expected:
            self.assertGreater(len(self.job.reports), told)

    def test_entryLater(self) -> None:
        """
        Readers are told of bytes that the disk took at once and the index
        only later.
        """
        self.job.disk.indexFull = True
        self.job.write(OUT, b"some")
        self.drain.step()
        self.assertEqual(self.job.read()[OUT], b"")
        self.job.disk.indexFull = False
        self.job.reports.clear()
        self.now += 1.0
        self.drain.step()
        self.assertEqual(self.job.read()[OUT], b"some")
        self.assertEqual(self.job.reports, ["grew"])
        self.finish()

    def test_mishap(self) -> None:
        """
        What goes wrong in an unforeseen way is logged, and the drain goes on.
        """
        self.drain._order(lambda: [][1])
        self.drain.close()
        self.job.exit()
        self.drain.run()
        self.assertEqual(len(self.flushLoggedErrors(IndexError)), 1)
