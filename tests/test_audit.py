"""
The audit log: its lines, its files and the thread that writes it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from errno import EACCES, ENOSPC
from pathlib import Path
from threading import Event
from typing import Any, cast

from attrs import define, field
from hypothesis import given

from twisted.internet import reactor as _reactor
from twisted.internet.testing import EventLoggingObserver
from twisted.internet.threads import deferToThread
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from jobworker.access.decisions import Decision
from jobworker.access.identity import Caller, Peer
from jobworker.audit.files import AuditFile
from jobworker.audit.ledger import MOST, ILedgerReactor, Ledger
from jobworker.audit.lines import Entry, Lost, Started, describeCommand, lineOf
from jobworker.errors import BadConfiguration, Unrecorded
from jobworker.jobs import Command
from jobworker.specification import Input, Specification
from tests.strategies import commands

reactor = cast(ILedgerReactor, _reactor)

#: 2026-11-28 16:00:00 UTC, and something.
AT = 1_795_881_600_000_123_456

PEER = Peer("192.0.2.1:1", frozenset({"alice", "a@b"}), "c0ffee")
ALICE = Caller("alice", "", "", frozenset({"system.user"}), frozenset(), 0)
ALLOWED = Decision(True, "StopJob", "", "", PEER.address, PEER, ALICE, 7, "a job")


class LineTests(SynchronousTestCase):
    """
    L{lineOf} writes down what is known.
    """

    def line(self, what: Any, **more: Any) -> dict[str, Any]:
        """
        Write a line, and read it.
        """
        line = lineOf(Entry(AT, what, **more))
        self.assertTrue(line.endswith(b"}\n"))
        self.assertEqual(line.count(b"\n"), 1)
        read: dict[str, Any] = json.loads(line)
        return read

    def test_allowed(self) -> None:
        """
        Who was allowed what is all there.
        """
        self.assertEqual(
            self.line(ALLOWED),
            {
                "time": "2026-11-28T16:00:00.000123Z",
                "event": "call",
                "decision": "allowed",
                "call": 7,
                "method": "StopJob",
                "peer": "192.0.2.1:1",
                "certificate": "c0ffee",
                "names": ["a@b", "alice"],
                "subject": "alice",
                "roles": ["system.user"],
                "job": "a job",
            },
        )

    def test_refused(self) -> None:
        """
        Of a stranger only what is known is there, and why he was refused.
        """
        stranger = Decision(
            False, cause="not_tls", reason="not TLS", address="192.0.2.1:2"
        )
        self.assertEqual(
            self.line(stranger, omitted=3),
            {
                "time": "2026-11-28T16:00:00.000123Z",
                "event": "connection",
                "decision": "refused",
                "peer": "192.0.2.1:2",
                "cause": "not_tls",
                "reason": "not TLS",
                "omitted": 3,
            },
        )

    def test_events(self) -> None:
        """
        There are lines that are no decisions.
        """
        started = self.line(Started(7, "a job"))
        self.assertEqual(
            (started["event"], started["call"], started["job"]), ("started", 7, "a job")
        )
        lost = self.line(Lost(5))
        self.assertEqual((lost["event"], lost["lines"]), ("lost", 5))

    @given(commands)
    def test_commands(self, command: Command) -> None:
        """
        Any command can be written, whatever bytes are in it.
        """
        described = describeCommand(command)
        line = self.line(ALLOWED, command=described)
        whole = [command.program, *command.arguments]
        # JSON knows no halves of characters that stand side by side.
        self.assertEqual(line["command"], json.loads(json.dumps(whole)))
        redacted = describeCommand(command, True)
        self.assertEqual(redacted["command"], [command.program])
        if command.arguments:
            self.assertEqual(redacted["arguments"], len(command.arguments))

    def test_secrets(self) -> None:
        """
        Values of variables and what is given to a command are left out, and
        so is what is too long.
        """
        wanted = Specification(
            environment={"PASSWORD": "hunter2"},
            directory="/srv",
            input=Input.of(b"hunter2"),
        )
        command = Command("sh", ("-c", "x" * 70_000, "y"), wanted)
        described = describeCommand(command)
        self.assertNotIn("hunter2", json.dumps(described))
        self.assertEqual(described["command"], ["sh", "-c"])
        self.assertEqual(described["arguments"], 3)
        self.assertEqual(described["specification"]["directory"], "/srv")


class FileTests(SynchronousTestCase):
    """
    L{AuditFile} appends, and begins anew.
    """

    def setUp(self) -> None:
        """
        Make a directory for it.
        """
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        self.path = self.folder / "audit.log"
        self.now = 0.0

    def open(self, limit: int = 0, kept: int = 2) -> AuditFile:
        """
        Open it.
        """
        file = AuditFile(str(self.path), limit, kept, lambda: self.now)
        file.open()
        self.addCleanup(file.close)
        return file

    def texts(self) -> dict[str, str]:
        """
        Read all files.
        """
        return {path.name: path.read_text() for path in self.folder.iterdir()}

    def test_private(self) -> None:
        """
        Nobody else can read it, and what was there stays, whole lines only.
        """
        self.open().append(b"one\n")
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        with self.path.open("a") as torn:
            torn.write("to")
        self.open().append(b"two\n")
        self.assertEqual(self.texts(), {"audit.log": "one\nto\ntwo\n"})

    def test_rotation(self) -> None:
        """
        A new file is begun before one is too large, and of the old ones some
        are kept.
        """
        file = self.open(limit=8)
        for word in ("one\n", "two\n", "three\n", "four\n", "five\n"):
            file.append(word.encode())
        self.assertEqual(
            self.texts(),
            {"audit.log": "five\n", "audit.log.1": "four\n", "audit.log.2": "three\n"},
        )
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)

    def test_stuck(self) -> None:
        """
        If no new file can be begun the old one grows on, until one can.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)  # type: ignore[arg-type]
        file = self.open(limit=8)
        file.append(b"one\n")
        (self.folder / "audit.log.1").mkdir()
        (self.folder / "audit.log.2").write_text("x")
        file.append(b"second\n")
        file.append(b"third\n")
        self.assertEqual(self.path.read_text(), "one\nsecond\nthird\n")
        self.assertEqual(len(observer), 1)
        (self.folder / "audit.log.1").rmdir()
        self.now = 100.0
        file.append(b"last\n")
        self.assertEqual(self.path.read_text(), "last\n")

    def test_moved(self) -> None:
        """
        When somebody has moved it away a new one is begun.
        """
        file = self.open()
        file.append(b"one\n")
        self.path.rename(self.folder / "elsewhere")
        file.append(b"two\n")
        self.assertEqual(self.texts(), {"elsewhere": "one\n", "audit.log": "two\n"})

    def test_emptied(self) -> None:
        """
        When somebody has copied it and made it empty it begins anew, and has
        as much room as before.
        """
        file = self.open(limit=8)
        file.append(b"one\n")
        os.truncate(self.path, 0)
        file.append(b"second\n")
        self.assertEqual(self.texts(), {"audit.log": "second\n"})

    def test_gone(self) -> None:
        """
        Where there can be no file nothing is written, and that is an error.
        """
        file = self.open()
        self.path.unlink()
        self.path.mkdir()
        self.assertRaises(OSError, file.append, b"one\n")
        self.path.rmdir()
        self.assertEqual(file.append(b"one\n"), 4)

    def test_noPartOfALine(self) -> None:
        """
        What does not fit is taken back to the last whole line.
        """
        disk = SmallDisk(room=11)
        file = AuditFile(str(self.path), 0, 1, write=disk.write)
        file.open()
        self.addCleanup(file.close)
        self.assertEqual(file.append(b"first\nsecond\n"), 6)
        self.assertEqual(self.path.read_text(), "first\n")
        disk.room = 3
        self.assertRaises(OSError, file.append, b"second\n")
        self.assertEqual(self.path.read_text(), "first\n")
        disk.room = 1000
        file.append(b"second\n")
        self.assertEqual(self.path.read_text(), "first\nsecond\n")

    def test_links(self) -> None:
        """
        A link is not followed, and no file is taken that has another name.
        """
        other = self.folder / "other"
        other.write_text("")
        self.path.symlink_to(other)
        self.assertRaises(OSError, self.open)
        self.path.unlink()
        os.link(other, self.path)
        self.assertRaises(BadConfiguration, self.open)
        self.path.unlink()
        os.mkfifo(self.path)
        self.assertRaises(BadConfiguration, self.open)


@define(eq=False)
class SmallDisk:
    """
    A disk that may be full.

    @ivar room: How many bytes there is room for.
    @ivar tried: Set when something did not fit.
    """

    room: int = 1_000_000
    tried: Event = field(factory=Event)

    def write(self, descriptor: int, data: bytes) -> int:
        """
        Write as much as there is room for.
        """
        if len(data) > self.room:
            self.tried.set()
        if self.room == 0:
            raise OSError(ENOSPC, "No space left on device")
        written = os.write(descriptor, data[: self.room])
        self.room -= written
        return written


@define(eq=False)
class Guarded(AuditFile):
    """
    A file that its user alone may open.

    @ivar forbidden: Whether nobody may.
    """

    forbidden: bool = False

    def open(self, owner: tuple[int, int] | None = None) -> None:
        """
        Open it as the user.
        """
        if owner is not None or self.forbidden:
            raise PermissionError(EACCES, "Permission denied")
        super().open()


class LedgerTests(TestCase):
    """
    L{Ledger} writes everything, in order.
    """

    timeout = 60

    def setUp(self) -> None:
        """
        Make one.
        """
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        self.path = folder / "audit.log"
        self.disk = SmallDisk()
        self.file = AuditFile(str(self.path), 0, 1, write=self.disk.write)

    def make(self, refuses: bool = True, redacts: bool = False) -> Ledger:
        """
        Begin to write.
        """
        ledger = Ledger(reactor, self.file, None, refuses, redacts)
        ledger.prepare()
        ledger.start()
        self.addCleanup(self.end, ledger)
        return ledger

    async def end(self, ledger: Ledger) -> None:
        """
        End it, unless that was done.
        """
        await ledger.stop()

    def lines(self) -> list[dict[str, Any]]:
        """
        Read what was written.
        """
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    async def until(self, fact: Callable[[], bool]) -> None:
        """
        Wait for something that the thread does.
        """
        pause = Event()
        while not fact():
            await deferToThread(pause.wait, 0.01)

    async def test_order(self) -> None:
        """
        Everything is there in the order in which it was handed over, when the
        ledger is closed.
        """
        ledger = self.make(redacts=True)
        for number in range(1, 2001):
            ledger.decided(Decision(True, "QueryJob", call=number))
        start = Decision(True, "StartJob", call=2001, command=Command("ls", ("-l",)))
        ledger.decided(start)
        ledger.started(2001, "a job")
        await ledger.stop()
        lines = self.lines()
        self.assertEqual([line["call"] for line in lines], [*range(1, 2002), 2001])
        self.assertEqual((lines[-2]["command"], lines[-2]["arguments"]), (["ls"], 1))
        self.assertEqual(ledger.lines, 2002)
        self.assertEqual((ledger.lost, ledger.failing), (0, False))

    async def test_refuses(self) -> None:
        """
        While the disk is full nothing is allowed; what was handed over before
        is written, whole, when there is room, and calls go on.
        """
        observer = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        ledger = self.make()
        self.disk.room = 30
        ledger.decided(ALLOWED)
        await deferToThread(self.disk.tried.wait)
        await self.until(lambda: ledger.failing)
        self.assertRaises(Unrecorded, ledger.decided, ALLOWED)
        ledger.decided(Decision(False, "StopJob", "audit", "full", call=8))
        ledger.decided(Decision(True, address="192.0.2.1:3"))
        self.disk.room = 1_000_000
        await self.until(lambda: ledger.lines == 3)
        await self.until(lambda: not ledger.failing)
        ledger.decided(ALLOWED)
        await ledger.stop()
        self.assertEqual([line.get("call") for line in self.lines()], [7, 8, None, 7])
        self.assertEqual(
            [event["log_level"].name for event in observer], ["error", "info"]
        )

    async def test_continues(self) -> None:
        """
        Where calls shall go on they do, and the log tells how many lines it
        lacks when there were more than memory may hold.
        """
        ledger = self.make(refuses=False)
        self.disk.room = 0
        ledger.decided(ALLOWED)
        await deferToThread(self.disk.tried.wait)
        for _ in range(MOST + 5):
            ledger.decided(ALLOWED)
        self.assertEqual(ledger.lost, 5)
        self.disk.room = 100_000_000
        await self.until(lambda: ledger.lines > MOST)
        await ledger.stop()
        lines = self.lines()
        self.assertEqual(len([each for each in lines if "call" in each]), MOST + 1)
        self.assertEqual(
            [each["lines"] for each in lines if each["event"] == "lost"], [5]
        )

    async def test_fullAtTheEnd(self) -> None:
        """
        A disk that is full keeps nobody from ending.
        """
        ledger = self.make()
        self.disk.room = 0
        ledger.decided(ALLOWED)
        await ledger.stop()
        self.assertEqual(ledger.lost, 1)
        self.assertEqual(self.lines(), [])

    async def test_strangers(self) -> None:
        """
        Strangers at the door do not fill the log; others always are in it.
        """
        ledger = self.make()
        for _ in range(1500):
            ledger.decided(Decision(False, cause="not_tls"))
        for number in range(1, 1501):
            ledger.decided(Decision(False, "StopJob", "token", call=number))
        await ledger.stop()
        self.assertEqual(len(self.lines()), 2500)

    async def test_lessThanTheUser(self) -> None:
        """
        What we may not open yet is opened as the user.
        """
        self.path.touch()
        file = Guarded(str(self.path), 0, 1)
        ledger = Ledger(reactor, file, (0, 0))
        ledger.prepare()
        self.assertFalse(file.isOpen)
        ledger.start()
        ledger.decided(ALLOWED)
        await ledger.stop()
        self.assertEqual(len(self.lines()), 1)
        ledger = Ledger(reactor, file, (0, 0))
        ledger.prepare()
        file.forbidden = True
        self.assertRaises(BadConfiguration, ledger.start)

    def test_closed(self) -> None:
        """
        A file that cannot be opened is said in one line.
        """
        self.path.mkdir()
        ledger = Ledger(reactor, self.file)
        error = self.assertRaises(BadConfiguration, ledger.prepare)
        self.assertIn("cannot open the audit log", str(error))
        self.successResultOf(ledger.stop())
