"""
Where the log of a process goes, and how much of it is kept.
"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

from twisted.application.service import Application, MultiService, Service
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, Logger
from twisted.trial.unittest import TestCase

from jobworker.daemon.logfile import loggedAs, openLog

_reactor: Any = reactor

#: Longer than a file of a log becomes.
_MUCH = "x" * (8 << 20)


class Chosen(dict[str, Any]):
    """
    Options of a command of twistd.

    @ivar parent: Those of twistd.
    """

    def __init__(self, format: str, **twistd: Any) -> None:
        super().__init__({"log-format": format})
        self.parent = twistd


class LogFileTests(TestCase):
    """
    A log that does not grow for ever.
    """

    def setUp(self) -> None:
        """
        Let a test change what SIGUSR1 does.
        """
        self.addCleanup(signal.signal, signal.SIGUSR1, signal.SIG_DFL)
        self.path = Path(self.mktemp())

    def observer(self, format: str, **twistd: Any) -> ILogObserver | None:
        """
        Find the observer that twistd would.
        """
        application = Application("example")
        service = Service()
        root = loggedAs(_reactor, Chosen(format, **twistd), service)
        self.assertIs(service.parent, root)
        root.setServiceParent(application)
        observer: ILogObserver | None = application.getComponent(ILogObserver, None)
        return observer

    def log(self, *events: str, format: str = "text") -> None:
        """
        Log something to the file.
        """
        observer = self.observer(format, logfile=str(self.path), nodaemon=True)
        log = Logger("tests.example", observer=observer)
        for event in events:
            log.info("{event}", event=event)

    def older(self) -> list[Path]:
        """
        Find the files that were put aside.
        """
        return sorted(self.path.parent.glob(f"{self.path.name}.*"))

    def test_bounded(self) -> None:
        """
        What is too long is put aside, and four of those are kept: the newest.
        """
        self.log(*(f"{number}{_MUCH}" for number in range(7)), "the last")
        self.assertIn("the last", self.path.read_text())
        kept = [each.read_text().split("info] ")[1][0] for each in self.older()]
        self.assertEqual(kept, ["6", "5", "4", "3"])

    def test_json(self) -> None:
        """
        It may be JSON.
        """
        self.log("hello", format="json")
        self.assertEqual(json.loads(self.path.read_text())["text"], "hello")

    async def test_signal(self) -> None:
        """
        With SIGUSR1 a new file is begun at once.
        """
        self.log("before")
        os.kill(os.getpid(), signal.SIGUSR1)
        while not self.older():
            await deferLater(_reactor, 0)
        self.assertIn("before", self.older()[0].read_text())
        self.assertEqual(self.path.read_text(), "")

    def test_twistds(self) -> None:
        """
        twistd logs as ever to its standard output, to syslog, and to an observer
        of somebody's.
        """
        self.assertIsNone(self.observer("text", nodaemon=True))
        self.assertIsNone(self.observer("text", nodaemon=True, logfile="-"))
        for format in ("text", "json"):
            self.assertIsNone(self.observer(format, syslog=True))
            self.assertIsNone(self.observer(format, logger=print))
        self.assertFalse(os.path.exists("twistd.log"))

    def test_background(self) -> None:
        """
        In the background there is a file in any case.
        """
        self.addCleanup(os.remove, "twistd.log")
        self.assertIsNotNone(self.observer("text"))
        self.assertTrue(os.path.exists("twistd.log"))

    def test_standardOutput(self) -> None:
        """
        JSON goes to standard output where text would.
        """
        self.assertIsNotNone(self.observer("json", nodaemon=True))

    def test_inner(self) -> None:
        """
        A service of which the application is not the parent changes nothing.
        """
        root = loggedAs(_reactor, Chosen("json", nodaemon=True), Service())
        root.setServiceParent(MultiService())
        self.assertIsNotNone(root.parent)

    def test_refused(self) -> None:
        """
        A file that there cannot be is named.
        """
        self.path = self.path / "log"
        error = self.assertRaises(SystemExit, self.log)
        self.assertEqual(
            str(error),
            f"jobworker: cannot log to {self.path}: No such file or directory",
            f"jobworker: cannot log to {self.path}: No such file or directory",
        )

    def test_mode(self) -> None:
        """
        A file gets the mode that it shall have, and keeps the one that it has.
        """
        openLog(str(self.path), 0o600).close()
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.path.chmod(0o640)
        openLog(str(self.path)).close()
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o640)
