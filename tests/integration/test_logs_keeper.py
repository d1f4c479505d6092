"""
Logs as the roster sees them: real processes, pipes, files, and the real
thread.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import SkipTest

from zope.interface import implementer

from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.protocol import ProcessProtocol
from twisted.internet.threads import deferToThread
from twisted.logger import ILogObserver, LogEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from jobworker.interfaces.logs import IJobLog, ILogKeeper, ILogListener
from jobworker.jobs import Source, Written
from jobworker.logs.drain import startDrain
from jobworker.logs.keeper import LogKeeper
from jobworker.logs.layout import logPath
from jobworker.logs.quota import LEAST, Policy, Quota
from jobworker.logs.reading import (
    Chunk,
    ChunkCursor,
    Gap,
    Line,
    LineCursor,
    LineGap,
    LogFiles,
)
from tests.contracts_logs import ILogKeeperTests
from tests.spools import bytesOf, everything

reactor: Any = _reactor
OUT, ERR = Source
JOB = "0a000000-0000-4000-8000-000000000000"
OTHER = "0b000000-0000-4000-8000-000000000000"


class Process(ProcessProtocol):
    """
    Waits for a process.
    """

    def __init__(self) -> None:
        self.ended: Deferred[None] = Deferred()

    def kill(self) -> None:
        """
        Kill it.
        """
        assert self.transport is not None
        self.transport.signalProcess("KILL")

    def processEnded(self, reason: Failure) -> None:
        """
        Say so.
        """
        self.ended.callback(None)


@implementer(ILogListener)
class Listener:
    """
    Notes which logs grew, and tells those who wait.
    """

    def __init__(self) -> None:
        self.grown: set[str] = set()
        self.waiting: list[Deferred[None]] = []

    def logGrew(self, identifier: str) -> None:
        """
        Note it.
        """
        self.grown.add(identifier)
        waiting, self.waiting = self.waiting, []
        for deferred in waiting:
            deferred.callback(None)

    def next(self) -> Deferred[None]:
        """
        Wait for the next growth.
        """
        self.waiting.append(Deferred())
        return self.waiting[-1]


async def descriptors() -> set[str]:
    """
    List our descriptors once the reactor has opened its own.
    """
    return await deferToThread(lambda: set(os.listdir("/proc/self/fd")))


class KeeperCase(TestCase):
    """
    A keeper with its thread.
    """

    timeout = 60

    def setUp(self) -> None:
        """
        Start the thread.
        """
        self.keep(self.mktemp())

    def keep(self, directory: str) -> None:
        """
        Keep logs in a directory.
        """
        self.directory = directory
        self.drain, thread = startDrain(reactor)
        self.addCleanup(deferToThread, thread.join)
        self.addCleanup(self.drain.close)
        self.keeper = LogKeeper(reactor, self.directory, self.drain)

    def spawn(
        self, log: IJobLog, *arguments: str, held: Sequence[Source] = tuple(Source)
    ) -> Process:
        """
        Start a process that writes into a log.
        """
        process = Process()
        descriptors = {int(source): log.outputs[source] for source in held}
        reactor.spawnProcess(
            process, arguments[0], arguments, env=os.environ, childFDs=descriptors
        )
        log.launched()
        return process

    def read(self, identifier: str = JOB) -> dict[Source, bytes]:
        """
        Read a log that must be sealed.
        """
        files = LogFiles.open(logPath(self.directory, identifier))
        try:
            cursor = ChunkCursor(files, dict.fromkeys(Source, 0))
            chunks = everything(cursor.read, 2**30)
            self.assertTrue(cursor.finished)
        finally:
            files.close()
        return {s: bytesOf(chunks, s) for s in Source}


class KeeperTests(KeeperCase):
    """
    What a keeper does for a job.
    """

    async def test_exact(self) -> None:
        """
        What a process writes to its outputs is in the log, and nothing it
        opened is left open after the seal.
        """
        before = await descriptors()
        log = await self.keeper.create(JOB)
        self.spawn(log, "sh", "-c", "printf out; printf err >&2")
        await log.whenDry()
        await log.seal()
        self.assertEqual(self.read(), {OUT: b"out", ERR: b"err"})
        self.assertEqual(log.written, Written(3, 3))
        self.assertEqual(log.outputs, {})
        await self.descriptorsBack(before)

    async def descriptorsBack(self, before: set[str]) -> None:
        """
        Wait until no more descriptors are open than before; the reactor
        closes those of processes when it likes.
        """
        while await descriptors() - before:
            pass

    async def test_order(self) -> None:
        """
        A whole life comes in order: it grows, it is dry, it is sealed, and
        listeners hear of it.
        """
        listener = Listener()
        self.keeper.subscribe(listener)
        log = await self.keeper.create(JOB)
        sealed = log.seal
        grew = listener.next()
        process = self.spawn(log, "sh", "-c", "echo one; read line < $0", self.fifo())
        await grew
        self.assertEqual(listener.grown, {JOB})
        dry = log.whenDry()
        self.assertNoResult(dry)
        Path(self._fifo).write_text("go\n")
        await process.ended
        await dry
        await log.whenDry()
        grew = listener.next()
        await sealed()
        await grew
        self.keeper.unsubscribe(listener)

    _fifo: str

    def fifo(self) -> str:
        """
        Make something to wait for.
        """
        self._fifo = os.path.abspath(self.mktemp())
        os.mkfifo(self._fifo)
        return self._fifo

    async def test_long(self) -> None:
        """
        Fifty megabytes without a newline come through byte for byte.
        """
        log = await self.keeper.create(JOB)
        script = "import os\nfor n in range(200): os.write(2, bytes([n]) * 250_000)"
        self.spawn(log, shutil.which("python3") or "python3", "-c", script)
        await log.whenDry()
        await log.seal()
        data = self.read()[ERR]
        self.assertEqual(len(data), 50_000_000)
        self.assertTrue(
            all(
                data[n * 250_000 : (n + 1) * 250_000] == bytes([n]) * 250_000
                for n in range(200)
            )
        )

    async def test_held(self) -> None:
        """
        A log can be sealed while somebody still holds a pipe: what was
        written is in it, and who writes on is told by SIGPIPE.
        """
        log = await self.keeper.create(JOB)
        listener = Listener()
        self.keeper.subscribe(listener)
        grew = listener.next()
        process = self.spawn(
            log,
            "sh",
            "-c",
            "echo kept; read x < $0; echo lost; echo on",
            self.fifo(),
        )
        await grew
        dry = log.whenDry()
        await log.seal()
        await log.seal()
        self.assertNoResult(dry)
        Path(self._fifo).write_text("go\n")
        await process.ended
        self.assertEqual(self.read()[OUT], b"kept\n")

    async def test_abandon(self) -> None:
        """
        Of a job that was never started nothing is left.
        """
        before = await descriptors()
        log = await self.keeper.create(JOB)
        await log.abandon()
        self.assertEqual(await descriptors() - before, set())
        self.assertEqual(await self.keeper.identifiers(), set())

    async def test_createTwice(self) -> None:
        """
        A log is not begun twice, and the refusal leaves no descriptor open.
        """
        log = await self.keeper.create(JOB)
        before = await descriptors()
        with self.assertRaises(FileExistsError):
            await self.keeper.create(JOB)
        self.assertEqual(await descriptors() - before, set())
        await log.abandon()

    async def test_others(self) -> None:
        """
        Logs of dead writers are found, recovered and removed; what is not
        there is no trouble.
        """
        log = await self.keeper.create(JOB)
        os.write(log.outputs[OUT], b"never moved")
        self.assertEqual(await self.keeper.identifiers(), {JOB})
        await self.keeper.recover(OTHER)
        await self.keeper.recover(JOB)
        self.assertEqual(self.read(), {OUT: b"", ERR: b""})
        await self.keeper.remove(JOB)
        await self.keeper.remove(OTHER)
        self.assertEqual(await self.keeper.identifiers(), set())
        await log.abandon()

    async def test_nowhere(self) -> None:
        """
        Where there is no directory yet there are no logs.
        """
        self.assertEqual(await self.keeper.identifiers(), set())

    async def test_many(self) -> None:
        """
        The logs of many jobs that run at once do not mix.
        """
        identifiers = [f"0c000000-0000-4000-8000-{n:012}" for n in range(20)]
        logs = [await self.keeper.create(identifier) for identifier in identifiers]
        for number, log in enumerate(logs):
            self.spawn(log, "seq", "-f", f"{number} %g", "5000")
        for log in logs:
            await log.whenDry()
            await log.seal()
        for number, identifier in enumerate(identifiers):
            expected = "".join(f"{number} {line}\n" for line in range(1, 5001))
            self.assertEqual(self.read(identifier)[OUT], expected.encode())


class ContractTests(ILogKeeperTests, TestCase):
    """
    The contract of logs is kept.
    """

    async def makeKeeper(self) -> ILogKeeper:
        """
        Make a keeper.
        """
        drain, thread = startDrain(reactor)
        self.addCleanup(deferToThread, thread.join)
        self.addCleanup(drain.close)
        self.held: list[int] = []
        return LogKeeper(reactor, self.mktemp(), drain)

    def hold(self, log: IJobLog) -> None:
        """
        Hold the pipes of a log.
        """
        self.held = [os.dup(descriptor) for descriptor in log.outputs.values()]

    def release(self, log: IJobLog) -> None:
        """
        Close them.
        """
        while self.held:
            os.close(self.held.pop())


class QuotaTests(KeeperCase):
    """
    Jobs that write more than their logs may hold.
    """

    def limit(self, policy: Policy) -> None:
        """
        Keep logs of a megabyte.
        """
        self.keeper = LogKeeper(
            reactor, self.directory, self.drain, Quota(LEAST, policy)
        )

    async def test_dropOldest(self) -> None:
        """
        A job that writes much more than the limit is not held up, and the
        last lines that it wrote are there with their numbers.
        """
        self.limit(Policy.DROP_OLDEST)
        log = await self.keeper.create(JOB)
        self.spawn(log, "seq", "0", "1000000")
        await log.whenDry()
        await log.seal()
        sizes = await self.keeper.sizes([JOB, OTHER])
        self.assertLess(sizes[JOB], LEAST + 2**16)
        self.assertNotIn(OTHER, sizes)
        files = LogFiles.open(logPath(self.directory, JOB))
        self.addCleanup(files.close)
        cursor = LineCursor(files)
        first, *_ = cursor.read(2**20)
        self.assertIsInstance(first, LineGap)
        lines = cursor.read(2**30)
        self.assertGreater(len(lines), LEAST // 2 // 8)
        self.assertEqual(lines[-1].number, 1_000_000)
        for line in lines:
            assert isinstance(line, Line)
            self.assertEqual(line.data, b"%d" % line.number)

    async def test_killJob(self) -> None:
        """
        That a job is to be ended is said once, with the reason, while it goes
        on writing into nothing.
        """
        self.limit(Policy.KILL_JOB)
        log = await self.keeper.create(JOB)
        process = self.spawn(log, "yes")
        self.assertIn("1048576 bytes", await log.whenOverQuota())
        self.assertIn("1048576 bytes", await log.whenOverQuota())
        process.kill()
        await process.ended
        await log.whenDry()
        await log.seal()
        sizes = await self.keeper.sizes([JOB])
        self.assertLessEqual(sizes[JOB], LEAST + 2**14)

    async def test_stopWriting(self) -> None:
        """
        A log that takes nothing more says how much is missing.
        """
        self.limit(Policy.STOP_WRITING)
        log = await self.keeper.create(JOB)
        over = log.whenOverQuota()
        self.spawn(log, "head", "-c", "20000000", "/dev/zero")
        await log.whenDry()
        await log.seal()
        self.assertNoResult(over)
        files = LogFiles.open(logPath(self.directory, JOB))
        self.addCleanup(files.close)
        items = ChunkCursor(files, {OUT: 0}).read(2**30)
        kept = sum(len(item.data) for item in items if isinstance(item, Chunk))
        lost = sum(item.length for item in items if isinstance(item, Gap))
        self.assertGreater(kept, LEAST - 2**14)
        self.assertEqual(kept + lost, 20_000_000)
        self.assertEqual(files.sizes()[OUT], 20_000_000)


class FullTests(KeeperCase):
    """
    A disk that is full.
    """

    def setUp(self) -> None:
        """
        Mount a small one.
        """
        if os.getuid() != 0:
            raise SkipTest("mounting takes root")
        self.disk = tempfile.mkdtemp(dir="/tmp")
        self.addCleanup(os.rmdir, self.disk)
        options = ["-t", "tmpfs", "-o", "size=8m,mode=0700"]
        if subprocess.call(["mount", *options, "tmpfs", self.disk]):
            raise SkipTest("nothing can be mounted here")
        self.addCleanup(subprocess.check_call, ["umount", self.disk])
        self.keep(os.path.join(self.disk, "jobs"))
        self.ballast = Path(self.disk, "ballast")

    def fill(self, left: int) -> None:
        """
        Leave so many bytes free.
        """
        status = os.statvfs(self.disk)
        free = status.f_bavail * status.f_frsize
        with self.ballast.open("wb") as file:
            file.write(bytes(free - left))

    def said(self, word: str) -> DeferredQueue[None]:
        """
        Collect the times that the daemon says something.
        """
        heard: DeferredQueue[None] = DeferredQueue()

        @implementer(ILogObserver)
        def observe(event: LogEvent) -> None:
            if word in str(event.get("log_format")):
                reactor.callFromThread(heard.put, None)

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        return heard

    async def test_waits(self) -> None:
        """
        A job on a full disk waits; it goes on when there is room, and nothing
        is lost.  That happens again and again.
        """
        log = await self.keeper.create(JOB)
        self.fill(300_000)
        refused, again = self.said("cannot write"), self.said("written again")
        process = self.spawn(log, "seq", "700000")
        for _ in range(3):
            await refused.get()
            self.assertNoResult(log.whenDry())
            os.truncate(self.ballast, self.ballast.stat().st_size - 1_200_000)
            await again.get()
        self.ballast.unlink()
        await process.ended
        await log.whenDry()
        await log.seal()
        expected = "".join(f"{line}\n" for line in range(1, 700_001))
        self.assertEqual(self.read()[OUT], expected.encode())

    async def test_sealWaits(self) -> None:
        """
        A log that is sealed on a full disk is complete when there is room.
        """
        log = await self.keeper.create(JOB)
        self.fill(0)
        refused = self.said("cannot write").get()
        process = self.spawn(log, "sh", "-c", "echo last")
        await process.ended
        await refused
        sealed = log.seal()
        self.assertNoResult(sealed)
        self.ballast.unlink()
        await sealed
        self.assertEqual(self.read()[OUT], b"last\n")

    async def test_refused(self) -> None:
        """
        A log that cannot be begun leaves nothing.
        """
        self.fill(0)
        before = await descriptors()
        with self.assertRaises(OSError):
            await self.keeper.create(JOB)
        self.assertEqual(await descriptors() - before, set())
        self.ballast.unlink()
        self.assertEqual(await self.keeper.identifiers(), set())
