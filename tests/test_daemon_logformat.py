"""
Events of the log as lines of JSON, and of text.
"""

from __future__ import annotations

import io
import json
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from jobworker.access.calls import CURRENT, Call
from jobworker.access.identity import Caller, Peer
from jobworker.daemon.logformat import JSONObserver, observerFor


class LogFormatTests(SynchronousTestCase):
    """
    Every event is one line, whatever is in it.
    """

    def written(self, *arguments: Any, level: str = "info", **data: Any) -> Any:
        """
        Log something, and read the line.
        """
        file = io.StringIO()
        log = Logger("tests.example", observer=JSONObserver(file))
        getattr(log, level)(*arguments, **data)
        lines = file.getvalue().splitlines()
        self.assertEqual(len(lines), 1)
        return json.loads(lines[0])

    def test_data(self) -> None:
        """
        The data of an event is there as it is, beside its text.
        """
        entry = self.written(
            "job {job} has {count} lines", job="1-2", count=3, names=["alice", "a"]
        )
        self.assertEqual(entry["names"], ["alice", "a"])
        self.assertEqual(entry["text"], "job 1-2 has 3 lines")
        self.assertEqual((entry["job"], entry["count"]), ("1-2", 3))
        self.assertEqual((entry["level"], entry["logger"]), ("info", "tests.example"))
        self.assertRegex(entry["time"], r"^\d{4}-\d\d-\d\dT.*\+00:00$")

    def test_odd(self) -> None:
        """
        Newlines, surrogates and objects do no harm.
        """
        entry = self.written("{name}", name="a\nb\udc80", thing=object())
        self.assertEqual(entry["text"], "a\nb\udc80")
        self.assertTrue(entry["thing"].startswith("<object"))

    def test_calls(self) -> None:
        """
        What is logged during a call says which it is, as far as that is known;
        what the event itself says goes before.
        """
        caller = Caller("alice", "", "", frozenset(), frozenset(), 0)
        peer = Peer("192.0.2.1:1", frozenset(), "00")
        call = Call("StopJob", 1, peer, caller, "a job")
        for known in (call, Call("StopJob")):
            token = CURRENT.set(known)
            self.addCleanup(CURRENT.reset, token)
            entry = self.written("refused {rpc}", rpc="QueryJob")
            self.assertEqual(entry["rpc"], "QueryJob")
            self.assertEqual(entry.get("caller", ""), "alice" if known.caller else "")
            self.assertEqual(entry.get("peer", ""), "192.0.2.1:1" if known.peer else "")
            self.assertEqual(entry.get("job", ""), known.job)
        self.assertEqual(self.written("refused")["rpc"], "StopJob")

    def test_failure(self) -> None:
        """
        A failure brings its message and its traceback.
        """
        try:
            raise ValueError("broken")
        except ValueError:
            failure = Failure()
        entry = self.written("while trying", failure, level="failure")
        self.assertEqual((entry["level"], entry["error"]), ("critical", "broken"))
        self.assertIn("ValueError: broken", entry["traceback"])

    def test_text(self) -> None:
        """
        Where no JSON is asked for, an event is a line as twistd writes it.
        """
        file = io.StringIO()
        Logger("tests.example", observer=observerFor("text", file)).info("hello")
        self.assertRegex(file.getvalue(), r"^20\S+ \[tests.example#info\] hello\n$")
