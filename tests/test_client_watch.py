"""
Watching jobs over connections that get lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.client.aio.watcher import AsyncJobWatcher
from jobworker.client.events import Waiting
from jobworker.client.failures import BadCredentials, Failure, Unacceptable, Unreachable
from jobworker.client.filters import EVERYTHING
from jobworker.client.happenings import (
    Changed,
    ChangeKind,
    Current,
    Happening,
    Present,
)
from jobworker.client.outlook import Outlook, outlookOn
from jobworker.client.questions import Inquiry
from jobworker.client.retrying import DELAYS
from jobworker.client.values import State
from jobworker.client.watcher import JobWatcher

from .wireserver import status

#: How many jobs there are at first, and how many changes then.
JOBS, CHANGES = 3, 5

#: How a watch of a server that is never lost goes.
WHOLE = [*range(JOBS + 1 + CHANGES)]


@define
class ScriptedServer:
    """
    Tells of some jobs and some changes, with their place for a token, and
    breaks off.

    @ivar cuts: After how many replies each connection is lost; when there are
        no more, with the last change.
    @ivar requests: What it was asked.
    """

    cuts: list[int]
    requests: list[wire.WatchRequest] = field(factory=list)
    opened: int = 0

    def connect(self) -> ScriptedServer:
        """
        Count another connection.
        """
        self.opened += 1
        return self

    def follow(self, inquiry: Inquiry[Any]) -> Iterator[Any]:
        """
        Go on behind the token.
        """
        assert (inquiry.method, inquiry.beats) == ("WatchJobs", True)
        request = wire.WatchRequest()
        request.CopyFrom(inquiry.request)
        self.requests.append(request)
        begin = int(request.resume_token or -1) + 1
        cut = self.cuts.pop(0) if self.cuts else None
        for number in WHOLE[begin:][:cut]:
            yield reply(number)
        raise Unreachable("cut")

    def close(self) -> None:
        """
        Count the end of a connection.
        """
        self.opened -= 1


@define
class AsyncScriptedServer:
    """
    The same for an event loop.
    """

    server: ScriptedServer

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[AsyncScriptedServer]:
        """
        Count another connection, and its end.
        """
        self.server.connect()
        try:
            yield self
        finally:
            self.server.close()

    async def follow(self, inquiry: Inquiry[Any]) -> AsyncGenerator[Any, None]:
        """
        Go on behind the token.
        """
        for each in self.server.follow(inquiry):
            yield each


def reply(number: int) -> wire.WatchReply:
    """
    Make the reply that has this number in a whole watch.
    """
    message = wire.WatchReply(resume_token=str(number))
    if number < JOBS:
        message.present.CopyFrom(status("RUNNING"))
    elif number == JOBS:
        message.current.SetInParent()
    else:
        message.change.revision = number
        message.change.kind = wire.Change.ENDED
        message.change.time = 7
        message.change.status.CopyFrom(status())
    return message


def outlook(since: str = "") -> Outlook:
    """
    Watch all jobs.
    """
    return outlookOn(EVERYTHING, since, True)


class WatchTests(SynchronousTestCase):
    """
    Wherever connections are lost, nothing is missed and nothing comes twice.
    """

    def watch(
        self, server: ScriptedServer, since: str = "", explained: Failure | None = None
    ) -> list[Happening]:
        """
        Watch until that is of no use any more.
        """
        happenings: list[Happening] = []
        self.slept: list[float] = []
        watcher = JobWatcher(
            server.connect,
            outlook(since),
            lambda failure: explained or failure,
            self.slept.append,
        )
        with self.assertRaises(type(explained or Unreachable(""))):
            for each in watcher.happenings():
                happenings.append(each)
        self.assertEqual(server.opened, 0)
        return happenings

    def tokens(self, happenings: list[Happening]) -> list[int]:
        """
        Get the tokens that were told.
        """
        return [int(each.token) for each in happenings if not isinstance(each, Waiting)]

    def test_whole(self) -> None:
        """
        First come the jobs that are there, then changes; and when nothing
        comes for long enough it is over.
        """
        server = ScriptedServer([])
        seen = self.watch(server)
        self.assertEqual(self.tokens(seen), WHOLE)
        first, change = seen[0], seen[JOBS + 1]
        assert isinstance(first, Present) and isinstance(change, Changed)
        self.assertIs(first.status.state, State.RUNNING)
        self.assertIsInstance(seen[JOBS], Current)
        self.assertEqual(
            (change.revision, change.kind, change.time), (4, ChangeKind.ENDED, 7)
        )
        self.assertEqual(tuple(self.slept), DELAYS)

    @given(st.lists(st.integers(0, len(WHOLE)), max_size=6))
    def test_cuts(self, cuts: list[int]) -> None:
        """
        After each loss the client goes on behind what it had last.
        """
        server = ScriptedServer(list(cuts))
        self.assertEqual(self.tokens(self.watch(server)), WHOLE)

    @given(st.lists(st.integers(0, len(WHOLE)), max_size=6))
    def test_cutsAsync(self, cuts: list[int]) -> None:
        """
        So does the client for event loops.
        """
        server = ScriptedServer(list(cuts))
        happenings: list[Happening] = []

        async def explain(failure: Unreachable) -> Failure:
            return failure

        async def watch() -> None:
            watcher = AsyncJobWatcher(
                AsyncScriptedServer(server).borrow,
                outlook(),
                explain,
                lambda _: asyncio.sleep(0),
            )
            async for each in watcher.happenings():
                happenings.append(each)

        with self.assertRaises(Unreachable):
            asyncio.run(watch())
        self.assertEqual(server.opened, 0)
        self.assertEqual(self.tokens(happenings), WHOLE)

    def test_since(self) -> None:
        """
        Who has a token goes on behind it.
        """
        server = ScriptedServer([])
        self.assertEqual(self.tokens(self.watch(server, "5")), WHOLE[6:])
        self.assertEqual(server.requests[0].resume_token, "5")

    def test_heartbeats(self) -> None:
        """
        A heartbeat is told to nobody, and is gone on from.
        """
        watched = outlook()
        beat = wire.WatchReply(resume_token="9", heartbeat=wire.Heartbeat(time=1))
        self.assertIsNone(watched.take(beat))
        self.assertEqual(watched.inquiry().request.resume_token, "9")

    def test_hopeless(self) -> None:
        """
        What no further attempt can mend ends the watch.
        """
        server = ScriptedServer([2])
        seen = self.watch(server, explained=BadCredentials("expired"))
        self.assertEqual(self.tokens(seen), [0, 1])
        self.assertEqual(self.slept, [])

    def test_noToken(self) -> None:
        """
        What can be no token is not sent.
        """
        with self.assertRaises(Unacceptable):
            outlook("\udc80")
