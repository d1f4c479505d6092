"""
Disks that are full, read-only, gone or damaged, and too few descriptors: what
jobs and callers notice.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import grpc
from grpc import StatusCode as Code

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling, refusalOf
from tests.daemons import Daemon, DaemonCase, endDaemon, until
from tests.disks import (
    Disk,
    FrugalDaemon,
    RefusingDisk,
    SmallDisk,
    descriptorsOf,
    supervisorOf,
)
from tests.system.test_output import collect

#: Lines that are more than fits into the largest pipe.
_LINES = 300_000
_TEXT = b"".join(b"%d\n" % number for number in range(1, _LINES + 1))

_ROOT = os.geteuid() == 0


class CallingCase(DaemonCase):
    """
    Tests with a daemon and a connection to it.
    """

    def connect(self, daemon: Daemon) -> None:
        """
        Begin to call a daemon, which runs.
        """
        self.daemon = daemon
        connection = calling(daemon)
        self.caller: Caller = connection.__enter__()
        self.addCleanup(connection.__exit__, None, None, None)

    def end(self, job: pb.Job) -> pb.ProcessStatus:
        """
        Wait for the end of a job that anybody may be told of.
        """
        until(lambda: bool(self.caller.query(job).status.state), "the job has ended")
        status: pb.ProcessStatus = self.caller.query(job).status
        return status

    def waiting(self, name: str, *command: str) -> pb.Job:
        """
        Start a job that does something when a file is made.
        """
        wait = f"while [ ! -e {self.daemon.folder / name} ]; do sleep 0.05; done; "
        job: pb.Job = self.caller.start("sh", "-c", wait + " ".join(command))
        return job

    def log(self, job: pb.Job) -> Path:
        """
        Find the log of a job.
        """
        return self.daemon.state / "jobs" / job.id[:2] / job.id

    def assertUntroubled(self) -> None:
        """
        Neither process has met with what nobody foresaw.
        """
        self.assertNotIn("Traceback", self.daemon.said())
        with contextlib.suppress(FileNotFoundError):
            log = (self.daemon.state / "supervisor.log").read_text()
            self.assertNotIn("Traceback", log)


class DiskCase(CallingCase):
    """
    Tests with a state directory that is a small disk, where we may have one.
    """

    def start(self) -> Disk:
        """
        Start a daemon on a disk that can be full.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop", "--reserve", "1M")
        disk: Disk = RefusingDisk(daemon)
        if _ROOT:
            disk = self.mount(daemon)
        daemon.start()
        self.connect(daemon)
        return disk

    def mount(self, daemon: Daemon) -> SmallDisk:
        """
        Give a daemon a file system of its own.
        """
        disk = SmallDisk(daemon.state)
        disk.mount()
        self.addCleanup(disk.unmount)
        return disk

    def _remove(self, daemon: Daemon) -> None:
        """
        Remove a daemon, but not what is mounted.
        """
        endDaemon(daemon)
        self.addCleanup(shutil.rmtree, daemon.folder)


class FullDiskTests(DiskCase):
    """
    While the disk is full, jobs that write wait, and everybody else is served.
    """

    def test_rounds(self) -> None:
        """
        Nothing is lost, however often the disk is full.
        """
        disk = self.start()
        for number in range(3):
            self.round(disk, f"go{number}")
        self.assertUntroubled()

    def test_refusingDisk(self) -> None:
        """
        The same is true of whatever else keeps files from growing.
        """
        daemon = self.startDaemon("--on-shutdown", "stop")
        self.connect(daemon)
        self.round(RefusingDisk(daemon), "go")
        self.assertUntroubled()

    def round(self, disk: Disk, name: str) -> None:
        """
        Fill the disk while jobs run, and free it again.
        """
        writing = self.waiting(name, f"exec seq 1 {_LINES}")
        leaving = self.waiting(name, "exit 7")
        stopped = self.caller.start("sleep", "60")
        disk.fill()
        code, words = refusalOf(self.caller.start, "true")
        self.assertIs(code, Code.RESOURCE_EXHAUSTED)
        self.assertRegex(words, "reserved for jobs that run|cannot store the job")
        (self.daemon.folder / name).touch()
        pid = self.caller.query(leaving).status.pid
        until(lambda: not os.path.exists(f"/proc/{pid}"), "a command has ended")
        pid = self.caller.query(writing).status.pid
        until(lambda: _hasWritten(pid), "a command has written")
        stopping = self.caller.stopLater(stopped)
        with calling(self.daemon) as another:
            for job in (writing, leaving, stopped):
                self.assertEqual(another.query(job).status.state, pb.RUNNING)
        disk.free()
        self.assertEqual(stopping.result().status.state, pb.STOPPED)
        self.assertEqual(collect(self.caller.read(writing))[pb.STDOUT], _TEXT)
        self.assertEqual(self.end(writing).exitCode, 0)
        self.assertEqual(self.end(leaving).exitCode, 7)
        self.caller.delete(writing)


class ReadOnlyTests(DiskCase):
    """
    Where nothing can be made or removed, what is there goes on.
    """

    def test_readOnly(self) -> None:
        """
        Starts are refused with the reason, jobs go on, and a daemon does not
        start.
        """
        if not _ROOT:
            # Whoever is not root finds the same by the mode of a directory.
            return self.checkReadOnly(
                lambda: os.chmod(self.daemon.state / "jobs", 0o500),
                lambda: os.chmod(self.daemon.state / "jobs", 0o700),
            )
        disk = SmallDisk(Path())

        def protect() -> None:
            disk.path = self.daemon.state
            disk.protect()

        return self.checkReadOnly(protect, lambda: disk.unprotect())

    def checkReadOnly(
        self, protect: Callable[[], None], unprotect: Callable[[], None]
    ) -> None:
        """
        Look at what can be done meanwhile.
        """
        self.start()
        ended = self.caller.start("echo", "kept")
        self.assertEqual(collect(self.caller.read(ended))[pb.STDOUT], b"kept\n")
        writing = self.waiting("go", f"exec seq 1 {_LINES}")
        protect()
        self.addCleanup(unprotect)
        code, words = refusalOf(self.caller.start, "true")
        self.assertIs(code, Code.RESOURCE_EXHAUSTED)
        self.assertRegex(words, "Read-only file system|Permission denied")
        self.caller.delete(ended)
        self.assertIs(refusalOf(self.caller.query, ended)[0], Code.NOT_FOUND)
        (self.daemon.folder / "go").touch()
        self.assertEqual(collect(self.caller.read(writing))[pb.STDOUT], _TEXT)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertUntroubled()


class RemovedTests(CallingCase):
    """
    Somebody removes the state directory of a daemon that runs.
    """

    def test_removed(self) -> None:
        """
        No job starts any more, those that run can be stopped, and of what is
        gone it is said that it is missing.
        """
        self.connect(self.startDaemon("--on-shutdown", "stop"))
        ended = self.caller.start("true")
        self.end(ended)
        running = self.caller.start("sleep", "60")
        shutil.rmtree(self.daemon.state)
        for _ in range(2):
            code, words = refusalOf(self.caller.start, "true")
            self.assertIs(code, Code.RESOURCE_EXHAUSTED)
            self.assertIn("cannot be found", words)
        for job in (ended, running):
            code, words = refusalOf(self.caller.read, job)
            self.assertIs(code, Code.DATA_LOSS)
            self.assertIn("files are missing", words)
        self.assertEqual(self.caller.kill(running).status.state, pb.STOPPED)
        self.assertEqual(self.daemon.stop(), 0)
        self.assertUntroubled()


class DescriptorTests(CallingCase):
    """
    With 64 descriptors there can be only so many jobs and connections.
    """

    def test_few(self) -> None:
        """
        Who comes too late is refused, those who are there are served, and
        everything works again afterwards.
        """
        folder = self.makeDaemon().folder
        daemon = FrugalDaemon(folder, ("--on-shutdown", "stop"))
        self.addCleanup(endDaemon, daemon)
        daemon.start()
        self.connect(daemon)
        assert daemon.process is not None
        pids = (daemon.process.pid, supervisorOf(daemon))
        self.end(self.caller.start("true"))
        before = [descriptorsOf(pid) for pid in pids]
        jobs: list[pb.Job] = []
        with self.assertRaises(grpc.RpcError) as caught:
            while True:
                jobs.append(self.caller.start("sleep", "60"))
        self.assertIs(caught.exception.code(), Code.RESOURCE_EXHAUSTED)
        self.assertIn("Too many open files", caught.exception.details())
        self.assertGreater(len(jobs), 3)
        self.crowd()
        self.assertEqual(self.caller.kill(jobs.pop()).status.state, pb.STOPPED)
        jobs.append(self.caller.start("sleep", "60"))
        for job in jobs:
            self.caller.kill(job)
        self.end(self.caller.start("true"))
        until(
            lambda: [descriptorsOf(pid) for pid in pids] <= before,
            "nothing more is open than before",
        )
        self.assertUntroubled()

    def crowd(self) -> None:
        """
        Connect more often than there are descriptors.
        """
        others = []
        for _ in range(20):
            connection = calling(self.daemon, alone=True)
            others.append(connection)
            caller = connection.__enter__()
            with contextlib.suppress(grpc.RpcError):
                caller.query(pb.Job(id="no"))
        refusalOf(self.caller.query, pb.Job(id="no"))
        self.assertIn("connections already", self.daemon.said())
        self.assertNotIn("EMFILE", self.daemon.said())
        for connection in others:
            connection.__exit__(None, None, None)


class DamageTests(CallingCase):
    """
    Files are cut off, overwritten and removed.
    """

    def test_logs(self) -> None:
        """
        A damaged log is called so, and the job and other jobs are as before.
        """
        self.connect(self.startDaemon("--on-shutdown", "stop"))
        damages: list[Callable[[Path], object]] = [
            lambda log: os.truncate(log / "stdout", 50_000),
            lambda log: os.truncate(log / "index", 150),
            lambda log: os.truncate(log / "index", 3),
            lambda log: os.truncate(log / "index", 0),
            lambda log: _overwrite(log / "index", 0),
            lambda log: _overwrite(log / "index", 40),
            lambda log: _overwrite(log / "index", 170),
            lambda log: (log / "index").unlink(),
            lambda log: (log / "stdout").unlink(),
            lambda log: shutil.rmtree(log),
        ]
        jobs = [self.caller.start("seq", "20000") for _ in range(len(damages) + 1)]
        for job, damage in zip(jobs, [*damages, None], strict=True):
            self.end(job)
            if damage is not None:
                damage(self.log(job))
                for call in (self.caller.read, self.caller.stream):
                    code, words = refusalOf(call, job)
                    self.assertIs(code, Code.DATA_LOSS, words)
                    self.assertIn("the log of this job is damaged", words)
            self.assertEqual(self.caller.query(job).status.exitCode, 0)
        whole = b"".join(b"%d\n" % number for number in range(1, 20_001))
        self.assertEqual(collect(self.caller.read(jobs[-1]))[pb.STDOUT], whole)
        for job in jobs:
            self.caller.delete(job)
        self.assertUntroubled()

    def test_table(self) -> None:
        """
        A daemon does not start with a table that is damaged, says so in one
        line, and does not take the logs for its own; garbage in a lock file
        and strange files beside logs do no harm.
        """
        self.connect(self.startDaemon("--on-shutdown", "stop"))
        jobs = [self.caller.start("echo", "x" * 20_000) for _ in range(10)]
        for job in jobs:
            self.end(job)
        self.daemon.stop()
        table = self.daemon.state / "jobs.sqlite"
        whole = table.read_bytes()
        damaged = (
            (b"garbage!" * 25 + whole[200:], "is damaged"),
            (b"", "missing or empty"),
        )
        for content, words in damaged:
            table.write_bytes(content)
            begin = len(self.daemon.said())
            with self.assertRaises(AssertionError):
                self.daemon.start()
            said = self.daemon.said()[begin:]
            self.assertIn(words, said)
            self.assertNotIn("Traceback", said)
        table.write_bytes(whole)
        (self.daemon.state / "lock").write_bytes(b"\xff\0garbage" * 1000)
        (self.daemon.state / "jobs" / "note").write_text("strange")
        shelf = self.daemon.state / "jobs" / jobs[0].id[:2]
        (shelf / "note").write_text("strange")
        self.daemon.start()
        self.connect(self.daemon)
        for job in jobs:
            self.assertEqual(
                collect(self.caller.read(job))[pb.STDOUT], b"x" * 20_000 + b"\n"
            )
        self.assertUntroubled()


def _overwrite(path: Path, offset: int) -> None:
    """
    Put garbage into a file.
    """
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(b"garbage!" * 4)


def _hasWritten(pid: int) -> bool:
    """
    Say whether a process has written as much as fits into the smallest pipe.
    """
    with contextlib.suppress(OSError):
        counts = Path(f"/proc/{pid}/io").read_text().split()
        return int(counts[counts.index("wchar:") + 1]) >= 2**16
    return False
