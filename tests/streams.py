"""
Jobs with logs, and what reads them, without a connection: in the thread of the
test.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import count
from typing import Any

from twisted.internet.task import Clock

from jobworker.access.identity import Caller
from jobworker.api import worker_pb2 as pb
from jobworker.jobs import Record
from jobworker.logs.layout import logPath
from jobworker.logs.reading import Library
from jobworker.logs.spool import Spool, createSpool
from jobworker.rpc.board import Board, Poster
from jobworker.rpc.bridge import Bridge
from jobworker.rpc.desks import ReadingRoom
from jobworker.rpc.places import Places
from jobworker.rpc.readlog import ChunkStreamer
from jobworker.rpc.streamlog import LineStreamer
from jobworker.rpc.turns import Shares
from tests.contracts import exampleRecord
from tests.lives import ended
from tests.loops import ImmediateReactor, LoopTestCase
from tests.memoryroster import MemoryRoster
from tests.spools import Writes, extend
from tests.tokens import ALICE


class HeldExecutor(Executor):
    """
    Threads that do nothing before the test lets them.
    """

    def __init__(self) -> None:
        self.held: list[Callable[[], object]] = []
        self.closed = False

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """
        Remember to do something.
        """
        future: Future[Any] = Future()
        self.held.append(lambda: future.set_result(fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """
        Remember that nothing more is to come.
        """
        self.closed = True


class StreamTestCase(LoopTestCase):
    """
    A job, its log, and what reads it.
    """

    def setUp(self) -> None:
        """
        Make all of it.
        """
        super().setUp()
        self.roster = MemoryRoster(Clock())
        bridge = Bridge(ImmediateReactor(), self.loop)
        self.board = Board(self.loop, bridge, self.roster, 5.0, 2)
        self.successResultOf(self.roster.subscribe(Poster(bridge, self.board)))
        self.directory = self.mktemp()
        self.threads = ThreadPoolExecutor(2)
        shares = Shares(self.loop, 2)
        library = Library(self.directory)
        self.room = ReadingRoom(self.loop, library, self.threads, shares)
        self.addCleanup(self.room.close)
        places = Places(self.finding, self.room, self.board)
        self.lines = LineStreamer(places, 60.0)
        self.readers = 1
        self.chunks = ChunkStreamer(self.loop, places, 60.0, lambda: self.readers)
        self.sent: list[bytes] = []
        self.number = count(1)

    async def finding(self, job: pb.Job, caller: Caller, method: str) -> Record:
        """
        Find a job, whoever asks.
        """
        return await self.board.find(job.id)

    async def write(self, message: bytes) -> None:
        """
        Send a message.
        """
        self.sent.append(message)

    def job(self, what: Writes = ()) -> tuple[Record, Spool]:
        """
        Make a job that runs and has written something.
        """
        record = exampleRecord(next(self.number))
        path = logPath(self.directory, record.identifier)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        spool = createSpool(path, count(1).__next__)
        self.addCleanup(spool.close)
        extend(spool, what)
        self.roster.put(record)
        self.turn()
        return record, spool

    def finish(self, record: Record, spool: Spool) -> None:
        """
        Let a job end.
        """
        spool.seal()
        self.roster.grow(record.identifier)
        self.roster.put(ended(record))

    def stream(self, record: Record, start: int = 0) -> asyncio.Task[None]:
        """
        Begin to follow the lines of a job.
        """
        request = pb.StreamRequest(job=pb.Job(id=record.identifier), startPoint=start)
        return self.begin(self.lines.streamLog(request, ALICE, self.write))

    def read(self, record: Record, **fields: Any) -> asyncio.Task[None]:
        """
        Begin to read the log of a job.
        """
        request = pb.ReadRequest(job=pb.Job(id=record.identifier), **fields)
        return self.begin(self.chunks.readLog(request, ALICE, self.write))

    def until(self, fact: Callable[[], bool]) -> None:
        """
        Run the loop until something is so.
        """

        async def wait() -> None:
            while not fact():
                await asyncio.sleep(0)

        self.run_(asyncio.wait_for(wait(), 10))

    def logs(self) -> list[pb.Log]:
        """
        What was sent, as entries.
        """
        return [pb.Log.FromString(message) for message in self.sent]

    def replies(self) -> list[pb.ReadReply]:
        """
        What was sent, as answers of ReadLog.
        """
        return [pb.ReadReply.FromString(message) for message in self.sent]
