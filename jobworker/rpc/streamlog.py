"""
StreamLog: the log of a job, one message a line, for clients of the old wire.
"""

from __future__ import annotations

from typing import Final

from attrs import define

from ..access.identity import Caller
from ..api import worker_pb2 as pb
from ..logs.reading import LineCursor
from .entries import entryOf, remarksOn
from .handlers import Writing
from .parsing import parseStart
from .places import Places

#: About how many bytes of lines are held for a client that does not read.
BATCH: Final = 8 * 1024


@define(eq=False)
class LineStreamer:
    """
    Answers StreamLog.

    @ivar _pause: Seconds after which a log is looked at though nobody said
        that it grew.
    """

    _places: Places
    _pause: float

    async def streamLog(
        self, request: pb.StreamRequest, caller: Caller, write: Writing
    ) -> None:
        """
        Send what there is of a log, then what comes, until the job has ended.
        """
        start = parseStart(request)
        async with self._places.take(request.job, caller, "StreamLog") as place:
            follower, desk = place.follower, place.desk
            cursor = LineCursor(desk.files, start)
            while True:
                follower.requireOpen()
                # A log is sealed before its job has ended: what is not there
                # when this is known will never be.
                ended = follower.ended
                lines = await desk.read(cursor, BATCH)
                for line in lines:
                    await write(entryOf(line))
                if lines:
                    continue
                if ended:
                    break
                await follower.wait(self._pause)
            for number, remark in remarksOn(follower.record, cursor.number):
                if number >= start:
                    await write(remark)
