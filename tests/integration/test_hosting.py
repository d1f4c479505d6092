"""
Processes, seen and signalled.
"""

from __future__ import annotations

import os
import resource
import sys
from signal import SIGKILL, SIGTERM
from unittest import SkipTest
from uuid import uuid4

from attrs import evolve

from twisted.trial.unittest import SynchronousTestCase

from jobworker.hosting.belongings import Unsettled, mark, pipes, requireSettled
from jobworker.hosting.census import (
    Entry,
    adopted,
    boot,
    children,
    deliver,
    everybody,
    identify,
    look,
)
from jobworker.hosting.execution import Execution
from jobworker.hosting.host import Host
from jobworker.hosting.household import Household
from jobworker.hosting.spawning import Spawned
from jobworker.jobs import ProcessIdentity, Status
from tests.creatures import CREATURES
from tests.hosts import HostTestCase, hostingReactor, readLine, theLauncher, until

# Says that a gigabyte of memory is its environment, see PR_SET_MM_MAP in
# prctl(2): it takes no privileges.
_BOAST = """
import ctypes, os, struct, time
SIZE = 2**30
libc = ctypes.CDLL(None)
libc.sbrk.restype = libc.mmap.restype = ctypes.c_void_p
long = ctypes.c_long
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *3 * [ctypes.c_int], long]
memory = libc.mmap(None, SIZE, 3, 0x4022, -1, 0)
stat = open("/proc/self/stat").read().rpartition(")")[2].split()
kept = [int(stat[number - 3]) for number in (26, 27, 45, 46, 47, 28, 48, 49)]
kept[5:5] = [libc.sbrk(0)]
told = struct.pack("11QQIi", *kept, memory, memory + SIZE, 0, 0, -1)
libc.prctl.argtypes = [ctypes.c_int, *4 * [ctypes.c_ulong]]
there = ctypes.create_string_buffer(told, len(told))
refused = libc.prctl(35, 14, ctypes.addressof(there), len(told), 0)
os.write(1, b"refused\\n" if refused else b"ready\\n")
time.sleep(50)
"""


# Has many threads.
_CROWD = """
import os, threading
for _ in range(100):
    threading.Thread(target=threading.Event().wait).start()
os.write(1, b"ready\\n")
"""


def _count(what: str) -> int:
    """
    Count what this process has done, see /proc/pid/io in proc(5).
    """
    with open("/proc/self/io") as file:
        return int(dict(line.split(": ") for line in file)[what])


def household(process: ProcessIdentity) -> Household:
    """
    Make the household of a command that has exited.
    """
    leader = Spawned(Execution("", [], {}, "", ""))
    leader.process = process
    leader.exited.reach(Status(code=0))
    return Household(str(uuid4()), leader)


class OwnTests(SynchronousTestCase):
    """
    This process sees itself.
    """

    def test_look(self) -> None:
        """
        What is seen is so.
        """
        entry = look(os.getpid())
        assert entry is not None
        self.assertEqual(
            (entry.parent, entry.group, entry.session),
            (os.getppid(), os.getpgrp(), os.getsid(0)),
        )
        self.assertIn(os.getpid(), everybody())
        self.assertIn(os.getpid(), children(os.getppid()))

    def test_identify(self) -> None:
        """
        An identity is always the same.
        """
        identity = identify(os.getpid())
        self.assertEqual(identity, identify(os.getpid()))
        self.assertEqual((identity.pid, identity.boot), (os.getpid(), boot()))
        self.assertEqual(len(boot()), 36)

    def test_nobody(self) -> None:
        """
        There is nothing to be seen of a process that does not exist.
        """
        nobody = 2**30
        self.assertIsNone(look(nobody))
        self.assertIsNone(mark(nobody))
        self.assertEqual(children(nobody), [])
        self.assertRaises(ProcessLookupError, identify, nobody)
        self.assertFalse(deliver(SIGKILL, nobody, 1))
        requireSettled(nobody)

    def test_settled(self) -> None:
        """
        A process that has executed its program shows all there is.
        """
        requireSettled(os.getpid())

    def test_notForEver(self) -> None:
        """
        An orphan that shows nothing is waited for, but not for ever.
        """

        def never(pid: int) -> None:
            raise Unsettled(pid)

        host = Host(hostingReactor, never)
        for number in range(2):
            home = household(ProcessIdentity(2**30 + number, 0, boot()))
            host.admit(home)
            self.addCleanup(host.dismiss, home)
        orphan = Entry(2**30 + 2, os.getpid(), 2**30 + 2, 2**30 + 2, 1, "R")
        for _ in range(100):
            self.assertRaises(Unsettled, host._findOwner, orphan)
        self.assertIsNone(host._findOwner(orphan))


class JobTests(HostTestCase):
    """
    Processes of jobs are seen, and signalled only if they are meant.
    """

    async def test_mark(self) -> None:
        """
        A job's processes are marked by its identifier, and are children of
        this process.
        """
        identifier = str(uuid4())
        job, _ = await self.launch("sleep", "60", identifier=identifier)
        # A process that has just executed its program does not show it yet.
        self.assertEqual(await until(lambda: mark(job.process.pid)), identifier)
        self.assertIn(job.process.pid, adopted())

    async def test_deliver(self) -> None:
        """
        A process that was started at another time is not signalled.
        """
        job, _ = await self.launch("sleep", "60")
        pid, start = job.process.pid, job.process.start
        self.assertFalse(deliver(SIGKILL, pid, start + 1))
        self.assertTrue(deliver(SIGTERM, pid, start))
        self.assertEqual(await job.whenExited(), Status(signal=SIGTERM))
        self.assertFalse(deliver(SIGTERM, pid, start))

    async def test_numberUsedAgain(self) -> None:
        """
        A job whose command has the number that another's had is not forgotten
        with that one.
        """
        job, _ = await self.launch("sh", "-c", "sleep 60 &")
        await job.whenExited()
        host = Host(hostingReactor)
        older, newer = map(
            household, (evolve(job.process, start=job.process.start - 1), job.process)
        )
        host.admit(older)
        host.admit(newer)
        self.addCleanup(host.dismiss, newer)
        self.assertFalse(host.alone(newer))
        host.dismiss(older)
        self.assertFalse(host.alone(newer))

    async def test_numberOfStranger(self) -> None:
        """
        A number that was given to a stranger, after it was found to be that of
        a process of the job, does not make the stranger one.
        """
        job, reader = await self.launch(
            *("sh", "-c", "sleep 60 & sleep 60 & echo ready; wait; sleep 60")
        )
        await readLine(reader)
        leader = Spawned(Execution("", [], {}, "", ""))
        leader.process = job.process
        home = Household(str(uuid4()), leader)
        host = Host(hostingReactor)
        host.admit(home)
        self.addCleanup(host.dismiss, home)
        greeted: list[Entry] = []
        strangers: list[int] = []

        def greet(entry: Entry) -> None:
            greeted.append(entry)
            if entry.parent == job.process.pid and not strangers:
                _, other = sorted(
                    children(job.process.pid), key=entry.pid.__eq__, reverse=True
                )
                strangers.append(self.replace(other))

        await host.members(home, greet)
        self.assertEqual(len(strangers), 1)
        self.assertNotIn(strangers[0], [entry.pid for entry in greeted])

    def replace(self, pid: int) -> int:
        """
        End a child of somebody who waits for it, and have its number given to
        a process that has nothing to do with that.
        """
        os.kill(pid, SIGKILL)
        while look(pid) is not None:
            os.sched_yield()
        for _ in range(100):
            try:
                with open("/proc/sys/kernel/ns_last_pid", "w") as last:
                    last.write(str(pid - 1))
            except OSError as error:
                raise SkipTest("numbers of processes cannot be chosen") from error
            stranger = os.posix_spawn("/bin/sleep", ["sleep", "60"], {})
            self.addCleanup(os.waitpid, stranger, 0)
            self.addCleanup(os.kill, stranger, SIGKILL)
            if stranger == pid:
                return stranger
        raise self.failureException("others were given the number")

    async def test_leftovers(self) -> None:
        """
        What is left of a job is killed; a process that only has the number of
        its command, or had it at another boot, is not.
        """
        identifier, number = str(uuid4()), str(uuid4())
        job, _ = await self.launch("sleep", "60", identifier=identifier)
        await until(lambda: mark(job.process.pid))
        later = evolve(job.process, start=job.process.start + 1)
        other = evolve(job.process, boot="another")
        for process in (None, later, other):
            await theLauncher().endLeftovers({number: process})
        self.assertFalse(job.whenExited().called)
        await theLauncher().endLeftovers({identifier: None})
        self.assertEqual(await job.whenExited(), Status(signal=SIGKILL))

    async def test_firstThreadGone(self) -> None:
        """
        What is left of a job is found and killed though the first thread of
        the process has ended, and with it most of what there is to see.
        """
        command, identifier = CREATURES["ends its first thread"], str(uuid4())
        job, reader = await self.launch(
            command.program, *command.arguments, identifier=identifier
        )
        self.assertEqual(await readLine(reader), b"ready")
        pid = job.process.pid
        self.assertEqual(mark(pid), identifier)
        self.assertIn(f"pipe:[{os.fstat(reader).st_ino}]", pipes(pid))
        await theLauncher().endLeftovers({identifier: None})
        self.assertEqual(await job.whenExited(), Status(signal=SIGKILL))

    async def test_endlessEnvironment(self) -> None:
        """
        Of a process that says its environment is a gigabyte no more is read
        than an environment can have.
        """
        job, reader = await self.launch(sys.executable, "-S", "-E", "-c", _BOAST)
        if await readLine(reader) != b"ready":
            raise SkipTest("this kernel does not let a process say so")
        before = _count("rchar")
        self.assertIsNone(mark(job.process.pid))
        self.assertLess(_count("rchar") - before, 20 * 2**20)

    async def test_crowd(self) -> None:
        """
        A process without an environment is not looked at once for each of its
        threads.
        """
        script = (sys.executable, "-S", "-E", "-c", _CROWD)
        job, reader = await self.launch("env", "-i", *script)
        self.assertEqual(await readLine(reader), b"ready")
        before = _count("syscr")
        self.assertIsNone(mark(job.process.pid))
        self.assertLess(_count("syscr") - before, 50)

    async def test_noDescriptors(self) -> None:
        """
        When no descriptor is left, nothing is taken to be gone that cannot be
        seen; a sweep goes on when there are some.
        """
        job, reader = await self.launch(
            "sh", "-c", "setsid sh -c 'echo; exec sleep 60' & wait"
        )
        await readLine(reader)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        resource.setrlimit(resource.RLIMIT_NOFILE, (4, limits[1]))
        swept = job.sweep()
        await until(lambda: self.flushLoggedErrors(OSError))
        self.assertFalse(swept.called)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        await swept
        self.flushLoggedErrors(OSError)
        self.assertEqual(await job.whenExited(), Status(signal=SIGKILL))
