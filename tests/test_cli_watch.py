"""
The commands that tell what happens to jobs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import grpc

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli.live import Intake, LiveTable
from jobworker.client.events import Waiting
from jobworker.client.failures import Unreachable
from jobworker.client.happenings import (
    Changed,
    ChangeKind,
    Current,
    Happening,
    Present,
)
from jobworker.client.values import JobStatus, State

from .commandlines import Outcome, run
from .wireserver import ID, WireServer, status

STARTED, ENDED = wire.Change.STARTED, wire.Change.ENDED


class EventsTests(SynchronousTestCase):
    """
    The command writes what the server says, a line a change.
    """

    def setUp(self) -> None:
        """
        Start a server that tells of two changes.
        """
        self.asked: list[wire.WatchRequest] = []
        self.refusal: grpc.StatusCode | None = None
        self.server = WireServer({"WatchJobs": self.watch})
        self.addCleanup(self.server.stop)

    def watch(
        self, request: wire.WatchRequest, context: grpc.ServicerContext
    ) -> Iterator[wire.WatchReply]:
        """
        Tell of two changes.
        """
        self.asked.append(request)
        if self.refusal is not None:
            context.abort(self.refusal, "the resume token is of no use")
        yield wire.WatchReply(resume_token="one", current=wire.Current())
        for revision, kind, job in (
            (7, STARTED, status(wire.RUNNING, -1)),
            (8, ENDED, status(exitCode=3)),
        ):
            change = wire.Change(
                revision=revision, kind=kind, time=1_000_000_000, status=job
            )
            yield wire.WatchReply(resume_token=f"t{revision}", change=change)

    def events(self, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        return run([*self.server.flags(), "events", "--limit=2", *arguments])

    def test_text(self) -> None:
        """
        People get time, change, job, owner, state and command.
        """
        outcome = self.events()
        self.assertEqual((outcome.code, outcome.err), (0, ""))
        time = "1970-01-01T00:00:01.000000Z"
        self.assertEqual(
            outcome.out.decode().splitlines(),
            [
                f"{time}  started  {ID}  alice  running  sh -c 'exit 0'",
                f"{time}  ended    {ID}  alice  exited 3  sh -c 'exit 0'",
            ],
        )

    def test_json(self) -> None:
        """
        Programs get objects, with a token to go on from.
        """
        lines = [json.loads(line) for line in self.events("--json").out.splitlines()]
        self.assertEqual(
            [(each["revision"], each["kind"], each["token"]) for each in lines],
            [(7, "started", "t7"), (8, "ended", "t8")],
        )
        self.assertEqual(lines[1]["job"]["id"], ID)
        self.assertEqual(lines[1]["job"]["exit_code"], 3)

    def test_asked(self) -> None:
        """
        Each wish is told to the server.
        """
        outcome = self.events(
            "--since=t5", "--owner=bob", "--state=running", "--label=a=b", "--name=n"
        )
        self.assertEqual(outcome.code, 0)
        self.assertEqual(
            self.asked,
            [
                wire.WatchRequest(
                    jobs=wire.ListRequest(
                        owner="bob", states=[wire.RUNNING], labels={"a": "b"}, name="n"
                    ),
                    resume_token="t5",
                    changes_only=True,
                )
            ],
        )

    def test_tooOld(self) -> None:
        """
        A token that is of no use is told to be so.
        """
        self.refusal = grpc.StatusCode.OUT_OF_RANGE
        outcome = self.events("--since=t5")
        self.assertEqual((outcome.code, outcome.out), (65, b""))
        self.assertIn("of no use", outcome.err)

    def test_old(self) -> None:
        """
        A server that does not know how is told to be older.
        """
        self.refusal = grpc.StatusCode.UNIMPLEMENTED
        self.assertEqual(self.events().code, 76)

    def test_noTerminal(self) -> None:
        """
        A table that changes cannot be shown where there is no terminal; it is
        said what can be used instead.
        """
        for flag in ("--all", "--json"):
            outcome = run([*self.server.flags(), "ps", "--watch", flag])
            self.assertEqual((outcome.code, outcome.out), (64, b""))
            self.assertIn("jobworker events", outcome.err)
        self.assertEqual(self.asked, [])


def job(number: int, state: State = State.RUNNING) -> JobStatus:
    """
    Make a job.
    """
    return JobStatus(f"job {number}", "true", (), "alice", 1, state, started=number)


def change(number: int, kind: ChangeKind, state: State = State.RUNNING) -> Changed:
    """
    Let something happen to a job.
    """
    return Changed(1, kind, 1, job(number, state), "t")


def write(jobs: Sequence[JobStatus], columns: int) -> list[str]:
    """
    Write a table.
    """
    return ["ID"[:columns], *(each.identifier for each in jobs)]


class LiveTableTests(SynchronousTestCase):
    """
    A table shows the jobs that there are, and no others.
    """

    def after(
        self,
        *happenings: Happening,
        states: Sequence[State] = (State.RUNNING,),
        height: int = 10,
        limit: int | None = None,
        columns: int = 80,
    ) -> list[str]:
        """
        Get what is seen when something has happened.
        """
        table = LiveTable(frozenset(states), limit)
        for each in happenings:
            table.take(each)
        return table.lines(columns, height, write)

    def test_present(self) -> None:
        """
        Jobs that are there are shown, the newest first; it is said whether
        these are all.
        """
        both = (Present(job(1), ""), Present(job(2), ""))
        self.assertEqual(
            self.after(*both), ["ID", "job 2", "job 1", "2 jobs; still loading"]
        )
        self.assertEqual(
            self.after(both[0], Current(""))[-1], "1 job; Ctrl-C ends this"
        )

    def test_changes(self) -> None:
        """
        Jobs come when they start, and go when they end.
        """
        ended = change(1, ChangeKind.ENDED, State.EXITED)
        seen = (
            Current(""),
            change(1, ChangeKind.STARTED),
            change(2, ChangeKind.STARTED),
            change(2, ChangeKind.CHANGED),
            ended,
        )
        self.assertEqual(self.after(*seen)[1:-1], ["job 2"])
        both = (State.RUNNING, State.EXITED)
        self.assertEqual(self.after(*seen, states=both)[1:-1], ["job 2", "job 1"])
        deleted = change(1, ChangeKind.DELETED, State.EXITED)
        self.assertEqual(self.after(*seen, deleted, states=both)[1:-1], ["job 2"])

    def test_room(self) -> None:
        """
        No more is shown than fits, and it is said how much that is.
        """
        many = [Present(job(number), "") for number in range(7)]
        for height in range(1, 4):
            self.assertEqual(len(self.after(*many, height=height)), height)
        self.assertEqual(
            self.after(*many, height=4),
            ["ID", "job 6", "job 5", "7 jobs, 5 more than fit; still loading"],
        )
        self.assertEqual(
            self.after(*many, limit=1)[1:], ["job 6", "1 job; still loading"]
        )
        self.assertEqual(self.after(*many, height=4, columns=6)[-1], "7 jobs")

    def test_lost(self) -> None:
        """
        It is said that the connection is lost, until it is there again.
        """
        waiting = Waiting(Unreachable("nobody listens"), 1.0)
        self.assertEqual(
            self.after(waiting)[-1], "0 jobs; not connected: nobody listens"
        )
        self.assertEqual(
            self.after(waiting, Current(""))[-1], "0 jobs; Ctrl-C ends this"
        )


class IntakeTests(SynchronousTestCase):
    """
    What happens is taken in another thread.
    """

    def test_news(self) -> None:
        """
        All news come in order, and then what ended them.
        """
        many: list[Happening] = [Current(str(number)) for number in range(2500)]

        def tell() -> Iterator[Happening]:
            yield from many
            raise Unreachable("gone")

        intake = Intake(tell())
        intake.start()
        seen: list[Happening] = []
        with self.assertRaises(Unreachable):
            while True:
                seen += intake.wait(30)
                self.assertLessEqual(len(seen), 2500)
        # Those that came together with the failure are not worth a word.
        self.assertEqual(seen, many[: len(seen)])

    def test_wake(self) -> None:
        """
        Who waits can be woken without news.
        """
        intake = Intake(iter(()))
        intake.wake()
        self.assertEqual(intake.wait(30), [])
