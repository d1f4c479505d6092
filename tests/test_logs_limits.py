"""
Logs that take nothing more at their limit, and which limits there are.
"""

from __future__ import annotations

from functools import partial
from hashlib import blake2b

from hypothesis import given

from jobworker.jobs import Source
from jobworker.logs.limits import Dropping, Stopping, Writer, limit
from jobworker.logs.quota import LEAST, Policy, Quota
from jobworker.logs.reading import (
    Chunk,
    ChunkCursor,
    Gap,
    Line,
    LineCursor,
    LogFiles,
)
from jobworker.logs.recovery import recoverSpool
from tests.limitedlogs import (
    ALL,
    LIMIT,
    Job,
    LimitCase,
    Script,
    scripts,
)
from tests.spools import everything


class StoppingTests(LimitCase):
    """
    Logs that take nothing more at some time.
    """

    @given(scripts)
    def test_exact(self, script: Script) -> None:
        """
        What came first is there, all else is a gap at the end; line numbers
        are as the order of the bytes gives them; the reason is given once.
        """
        spool = self.begin()
        reasons: list[None] = []
        job = Job(Stopping(spool, LIMIT, lambda: reasons.append(None)))
        live = ChunkCursor(self.open(), ALL)
        for piece in script * 3:
            job.write(*piece)
            self.assertLessEqual(spool.kept, LIMIT)
        total = sum(map(len, job.written.values()))
        live.read(2**20)
        self.assertLessEqual(sum(live.offsets.values()), total)
        self.assertGreaterEqual(sum(live.offsets.values()), total // 2)
        self.end(job)
        files = self.open()
        cursor = ChunkCursor(files, ALL)
        items = cursor.read(2**20)
        self.assertTrue(cursor.finished)
        self.assertEqual(
            cursor.offsets, {s: len(data) for s, data in job.written.items()}
        )
        for source in Source:
            mine = [item for item in items if item.source is source]
            got = b"".join(each.data for each in mine if isinstance(each, Chunk))
            missing = sum(each.length for each in mine if isinstance(each, Gap))
            self.assertEqual(got, job.written[source][: len(got)])
            self.assertEqual(len(got) + missing, len(job.written[source]))
            digest = blake2b()
            self.assertTrue(files.feed(digest, source, 0, len(job.written[source])))
            self.assertEqual(digest.digest(), blake2b(got).digest())
            self.assertEqual(files.sizes()[source], len(job.written[source]))
        self.assertEqual(len(reasons), any(isinstance(item, Gap) for item in items))
        self.numbers(job, files)

    def numbers(self, job: Job, files: LogFiles) -> None:
        """
        Check the numbers of lines, and that they can be found by them.
        """
        lines = everything(LineCursor(files).read)
        self.assertEqual([line.number for line in lines], list(range(len(lines))))
        whole = [line for line in lines if isinstance(line, Line) and line.terminated]
        self.assertEqual(
            [(line.source, line.data) for line in whole], job.lines[: len(whole)]
        )
        for start in (0, len(lines) // 2, len(lines) - 1, len(lines)):
            rest = everything(LineCursor(files, start).read)
            self.assertEqual(rest, lines[max(start, 0) :])

    @given(scripts)
    def test_crash(self, script: Script) -> None:
        """
        A writer that dies after the limit was reached leaves a log which says
        that something is missing, at least half of what is.
        """
        spool = self.begin()
        job = Job(Stopping(spool, LIMIT, lambda: None))
        for piece in script * 3:
            job.write(*piece)
        job.writer.close()
        job.exit()
        self.assertTrue(recoverSpool(self.path))
        cursor = ChunkCursor(self.open(), ALL)
        items = cursor.read(2**20)
        self.assertTrue(cursor.finished)
        for source in Source:
            mine = [item for item in items if item.source is source]
            got = sum(len(each.data) for each in mine if isinstance(each, Chunk))
            said = sum(each.length for each in mine if isinstance(each, Gap))
            missing = len(job.written[source]) - got
            self.assertLessEqual(said, missing)
            self.assertGreaterEqual(said, missing / 2)


class QuotaTests(LimitCase):
    """
    Quotas as they are asked for.
    """

    def test_least(self) -> None:
        """
        A limit too small to hold whole lines is refused.
        """
        self.assertRaises(ValueError, Quota, LEAST - 1)
        self.assertRaises(ValueError, Quota, -1)

    def test_kinds(self) -> None:
        """
        Each policy has its way, and without a limit there is none; one of
        them has the job ended.
        """
        spool = self.begin()
        self.addCleanup(spool.close)
        told: list[Policy] = []

        def make(quota: Quota) -> Writer:
            return limit(spool, quota, partial(told.append, quota.policy))

        self.assertIs(make(Quota(0)), spool)
        self.assertIsInstance(make(Quota()), Dropping)
        for policy in (Policy.STOP_WRITING, Policy.KILL_JOB):
            job = Job(make(Quota(LEAST, policy)))
            for _ in range(30):
                job.write(Source.STDOUT, 0, 0, b"x" * 60_000)
            job.exit()
        self.assertEqual(told, [Policy.KILL_JOB])
