"""
Whatever a job does, it can be ended, and nothing is left of it.
"""

from __future__ import annotations

import gc
import os
import time
from pathlib import Path
from signal import SIGKILL, SIGTERM, SIGUSR1

from twisted.internet.task import LoopingCall

from jobworker.hosting.belongings import mark
from jobworker.interfaces.launchers import IJobHandle
from tests.creatures import CREATURES
from tests.hosts import (
    HostTestCase,
    descendants,
    hostingReactor,
    living,
    readLine,
    theLauncher,
    until,
)

# Seconds that any of them may take to be ended, on a machine that has other
# things to do.
PATIENCE = 15.0


class ZooTests(HostTestCase):
    """
    Each creature is ended by a sweep.
    """

    timeout = 120

    async def catch(self, name: str) -> IJobHandle:
        """
        Launch a creature, and wait until it is ready.
        """
        command = CREATURES[name]
        handle, reader = await self.launch(command.program, *command.arguments)
        self.assertEqual(await readLine(reader), b"ready")
        return handle

    async def assertEnds(self, name: str, handle: IJobHandle) -> None:
        """
        Sweep a creature, after which there are no processes.
        """
        began = time.monotonic()
        await handle.sweep()
        self.assertLess(time.monotonic() - began, PATIENCE, name)
        self.assertEqual(descendants(), [], name)
        self.assertTrue(handle.whenExited().called)

    async def test_alive(self) -> None:
        """
        A creature whose command runs is ended.
        """
        for name in CREATURES:
            await self.assertEnds(name, await self.catch(name))

    async def test_leaderGone(self) -> None:
        """
        A creature whose command was killed by somebody is ended.
        """
        for name in CREATURES:
            handle = await self.catch(name)
            if not handle.whenExited().called:
                os.kill(handle.process.pid, SIGKILL)
            await handle.whenExited()
            await self.assertEnds(name, handle)

    async def test_group(self) -> None:
        """
        A creature whose process group is killed leaves nothing after a sweep.
        """
        for name in ("leaves the session", "is many everywhere", "moves on and on"):
            handle = await self.catch(name)
            handle.signal(SIGKILL)
            await handle.whenExited()
            await self.assertEnds(name, handle)

    async def test_neighbour(self) -> None:
        """
        To end a creature does no harm to others of the same kind.
        """
        for name in ("forks twice", "leaves the session", "adopts its orphans"):
            handles = [await self.catch(name) for _ in range(3)]
            # Who made an orphan may outlive its first word.
            await until(lambda: living() == 6)
            await handles[1].sweep()
            self.assertEqual(living(), 4, name)
            await handles[0].sweep()
            await self.assertEnds(name, handles[2])

    async def test_whose(self) -> None:
        """
        A process that hides whose it is and may be of either of two jobs is
        left alone until both have ended.
        """
        neighbour = await self.catch("one")
        handle = await self.catch("changes its environment")
        # Whoever lies between the two shows whose it is while it lives.
        own = os.getpid()
        await until(
            lambda: any(
                mark(entry.pid) == "another"
                for entry in descendants()
                if entry.parent == own
            )
        )
        os.kill(handle.process.pid, SIGKILL)
        await handle.whenExited()
        await handle.sweep()
        self.assertFalse(neighbour.whenExited().called)
        self.assertEqual(living(), 2)
        await self.assertEnds("one", neighbour)

    async def test_signs(self) -> None:
        """
        A process that hides whose it is, but holds the output or was seen
        below the command, is found though there are other jobs.
        """
        neighbour = await self.catch("one")
        for name in ("holds the output alone", "hides below"):
            handle = await self.catch(name)
            await until(lambda: "another" in [mark(each.pid) for each in descendants()])
            handle.signal(SIGTERM)
            await handle.whenExited()
            await handle.sweep()
            self.assertEqual(living(), 1, name)
        await self.assertEnds("one", neighbour)

    async def test_seenBefore(self) -> None:
        """
        A process of which it was seen once whose it is can hide no more.
        """
        neighbour = await self.catch("one")
        handle = await self.catch("hides when told")
        leader = handle.process.pid
        orphan = await self.orphanOf(handle)
        other, _ = await self.launch("true")
        await other.whenExited()
        await other.sweep()
        os.kill(orphan, SIGUSR1)
        await until(lambda: "another" in [mark(each.pid) for each in descendants()])
        os.kill(leader, SIGKILL)
        await handle.whenExited()
        await handle.sweep()
        self.assertEqual(living(), 1)
        await self.assertEnds("one", neighbour)

    async def test_executing(self) -> None:
        """
        A process that is just executing a program, and shows nothing of what it
        has until that is done, is not overlooked.
        """
        neighbour = await self.catch("one")
        handle = await self.catch("executes when told")
        orphan = await self.orphanOf(handle)
        os.kill(handle.process.pid, SIGKILL)
        await handle.whenExited()
        self.execute(orphan)
        await handle.sweep()
        self.assertEqual(living(), 1)
        await self.assertEnds("one", neighbour)

    async def test_executingLeft(self) -> None:
        """
        Nor is it when nobody knows more of its job than the identifier.
        """
        # It is not sure that one is looked at in time.
        for _ in range(6):
            handle = await self.catch("executes when told")
            orphan = await self.orphanOf(handle)
            identifier = mark(orphan)
            assert identifier is not None
            os.kill(handle.process.pid, SIGKILL)
            await handle.whenExited()
            self.execute(orphan)
            await theLauncher().endLeftovers({identifier: None})
            self.assertEqual(living(), 0)
            await self.assertEnds("executes when told", handle)

    def execute(self, orphan: int) -> None:
        """
        Let an orphan execute a program.

        It does so when this returns, or has done it where there is one processor.
        """
        shown = Path(f"/proc/{orphan}/cmdline")
        before = shown.read_bytes()
        os.kill(orphan, SIGUSR1)
        while shown.read_bytes() == before:
            os.sched_yield()

    async def orphanOf(self, handle: IJobHandle) -> int:
        """
        Find the orphan that a creature has made, which may say that it is ready
        while its parent still lives.
        """
        leader = handle.process.pid

        def orphans() -> list[int]:
            return [
                entry.pid
                for entry in descendants()
                if entry.parent == os.getpid()
                and entry.pid != leader
                and mark(entry.pid) == mark(leader)
            ]

        (orphan,) = await until(orphans)
        return int(orphan)

    async def test_zombies(self) -> None:
        """
        Orphans that have died are reaped while their job goes on.
        """
        handle = await self.catch("makes zombies")
        own = os.getpid()
        await until(lambda: [e for e in descendants() if e.parent == own][1:] == [])
        await self.assertEnds("makes zombies", handle)

    async def test_patience(self) -> None:
        """
        While many processes are ended, the reactor does other things: it never
        works long at one.
        """
        handle = await self.catch("is many")
        # To look through what all tests have left takes long, and is no work of
        # the reactor's.
        gc.disable()
        self.addCleanup(gc.enable)
        gaps = [0.0]
        last = time.thread_time()

        def tick() -> None:
            nonlocal last
            gaps.append(time.thread_time() - last)
            last = time.thread_time()

        ticking = LoopingCall(tick)
        ticking.clock = hostingReactor
        ticking.start(0.001)
        await self.assertEnds("is many", handle)
        ticking.stop()
        self.assertLess(max(gaps), 0.25)
