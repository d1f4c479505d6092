"""
The command that waits for jobs, and how the client waits.
"""

from __future__ import annotations

import json
import threading

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire

from .commandlines import Outcome, run
from .wireserver import ID, WireServer, status

OTHER = ID[:-1] + "2"


class WaitTests(SynchronousTestCase):
    """
    The command ends as jobs do.
    """

    def setUp(self) -> None:
        """
        Start a server that knows how jobs end.
        """
        self.endings = {ID: status(wire.EXITED, 0)}
        self.server = WireServer({"QueryJob": self.tell, "WaitJob": self.tell})
        self.addCleanup(self.server.stop)

    def tell(self, job: wire.Job, context: grpc.ServicerContext) -> wire.JobStatus:
        """
        Tell how a job ended.
        """
        if job.id not in self.endings:
            context.abort(grpc.StatusCode.NOT_FOUND, "no such job")
        return self.endings[job.id]

    def wait(self, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        return run([*self.server.flags(), "wait", *arguments])

    def test_one(self) -> None:
        """
        Waiting for one job ends with its code, without a word.
        """
        rows: list[tuple[wire.JobStatus, int]] = [
            (status(wire.EXITED, 0), 0),
            (status(wire.EXITED, 3), 3),
            (status(wire.STOPPED, -1, signal=15), 143),
            (status(wire.LOST, -1), 216),
        ]
        for ending, code in rows:
            self.endings[ID] = ending
            self.assertEqual(self.wait(ID), Outcome(code, b"", ""))

    def test_several(self) -> None:
        """
        Waiting for several ends with 0 if all did, and with 1 if not.
        """
        for other, code in ((0, 0), (7, 1)):
            self.endings[OTHER] = status(wire.EXITED, other)
            self.assertEqual(self.wait(ID, OTHER), Outcome(code, b"", ""))

    def test_json(self) -> None:
        """
        Each job is printed for programs.
        """
        self.endings[OTHER] = status(wire.EXITED, 7)
        outcome = self.wait("--json", ID, OTHER)
        codes = [json.loads(line)["exit_code"] for line in outcome.out.splitlines()]
        self.assertEqual(codes, [0, 7])

    def test_timeout(self) -> None:
        """
        Who does not wait any longer is told so by the code.
        """
        over = threading.Event()

        def tell(_: object, __: object) -> wire.JobStatus:
            over.wait(60)
            return status()

        server = WireServer({"WaitJob": tell})
        self.addCleanup(server.stop)
        outcome = run([*server.flags(), "wait", "--timeout=0.2", "--json", ID])
        # The server need not wait for what nobody waits for.
        over.set()
        self.assertEqual((outcome.code, outcome.out), (211, b""))
        self.assertIn(f"job {ID} has not ended within 0.2 s", outcome.err)

    def test_unknown(self) -> None:
        """
        A job that does not exist is no job that has failed.
        """
        for arguments in ((OTHER,), (ID, OTHER)):
            outcome = self.wait(*arguments)
            self.assertEqual((outcome.code, outcome.out), (203, b""))
        self.assertEqual(self.wait().code, 200)
