"""
The command that lists jobs, and how the client lists them.
"""

from __future__ import annotations

import json
import time

import grpc
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from twisted.trial.unittest import SynchronousTestCase

from jobworker.api import worker_pb2 as wire
from jobworker.cli.table import _width, table
from jobworker.client.failures import Unacceptable, UnknownJob, Unsupported
from jobworker.client.filters import Filter
from jobworker.client.values import JobStatus, State
from jobworker.specification import Specification

from .commandlines import Outcome, run
from .wireserver import WireServer, status


def identifierOf(number: int) -> str:
    """
    Make an id; its first digits are the number.
    """
    return f"{number:08}-0000-4000-8000-000000000000"


class ListTests(SynchronousTestCase):
    """
    The command shows what the server says.
    """

    def setUp(self) -> None:
        """
        Start a server that has seven jobs and gives three at a time.
        """
        self.asked: list[wire.ListRequest] = []
        self.jobs = []
        for number in range(7):
            self.jobs.append(status(wire.RUNNING, -1))
            self.jobs[-1].job.id = identifierOf(number)
        self.server = WireServer({"ListJobs": self.list})
        self.addCleanup(self.server.stop)

    def list(
        self,
        request: wire.ListRequest,
        context: grpc.ServicerContext,
    ) -> wire.JobList:
        """
        Give a page.
        """
        self.asked.append(request)
        found = [
            each
            for each in self.jobs
            if each.job.id.startswith(request.id_prefix)
            and (not request.name or each.command.name == request.name)
            and (not request.states or each.status.state in request.states)
        ]
        start = int(request.page_token or 0)
        end = start + min(request.page_size, 3)
        token = str(end) if end < len(found) else ""
        return wire.JobList(jobs=found[start:end], next_page_token=token)

    def ps(self, *arguments: str) -> Outcome:
        """
        Run the command.
        """
        return run([*self.server.flags(), "ps", *arguments])

    def test_all(self) -> None:
        """
        All pages are fetched, and everything is written out.
        """
        lines = self.ps("--all").out.decode().splitlines()
        self.assertEqual(
            lines[0].split(), ["ID", "OWNER", "STATE", "STARTED", "COMMAND"]
        )
        self.assertEqual(
            [line.split()[0] for line in lines[1:]], [*map(identifierOf, range(7))]
        )
        self.assertTrue(lines[1].endswith("sh -c 'exit 0'"))

    def test_asked(self) -> None:
        """
        Each wish is told to the server.
        """
        rows = {
            (): wire.ListRequest(states=[wire.RUNNING]),
            ("--all",): wire.ListRequest(),
            ("--state", "lost", "--state=exited"): wire.ListRequest(
                states=[wire.LOST, wire.EXITED]
            ),
            ("--owner", "bob"): wire.ListRequest(owner="bob", states=[wire.RUNNING]),
            ("--all", "--label", "a=b=c", "--label=d"): wire.ListRequest(
                labels={"a": "b=c"}, label_names=["d"]
            ),
            ("--all", "--name", "night"): wire.ListRequest(name="night"),
            ("--all", "--since", "1970-01-01T00:00:02Z"): wire.ListRequest(
                started_after=2 * 10**9
            ),
            ("--all", "--until", "1970-01-01T00:00:03.5Z"): wire.ListRequest(
                started_before=3_500_000_000
            ),
        }
        for arguments, request in rows.items():
            self.asked.clear()
            self.ps(*arguments)
            request.page_size = 1000
            self.assertEqual(self.asked[0], request)

    def test_ago(self) -> None:
        """
        Times may be told by how long ago they were.
        """
        self.ps("--since", "1h30m", "--until", "10m")
        (asked,) = {(each.started_after, each.started_before) for each in self.asked}
        span = (asked[1] - asked[0]) / 1e9
        self.assertTrue(4800 <= span < 4860, span)
        self.assertTrue(0 <= time.time_ns() - 600 * 10**9 - asked[1] < 60 * 10**9)

    def test_extremes(self) -> None:
        """
        Times that a server cannot be told choose what they mean.
        """
        rows = {
            "1970-01-01T00:00:00Z": 1,
            "1900-01-01T00:00:00Z": 1,
            "9999-01-01T00:00:00Z": 2**63 - 1,
        }
        for text, told in rows.items():
            self.asked.clear()
            self.assertEqual(self.ps("--until", text).code, 0)
            self.assertEqual(self.asked[0].started_before, told)

    def test_limit(self) -> None:
        """
        No more is fetched than is wanted.
        """
        outcome = self.ps("--limit", "4", "--json")
        self.assertEqual(
            [json.loads(line)["id"] for line in outcome.out.splitlines()],
            [*map(identifierOf, range(4))],
        )
        self.assertEqual([request.page_size for request in self.asked], [4, 1])

    def test_wrong(self) -> None:
        """
        What makes no sense is a wrong use of the command.
        """
        for arguments in (
            ("--all", "--state", "lost"),
            ("--state", "unknown"),
            ("--limit", "0"),
            ("--label", "=b"),
            ("--label", "a=b", "--label", "a"),
            ("--since", "yesterday"),
            ("--until", ""),
            ("--since", "10m", "--until", "1h"),
            ("surplus",),
        ):
            outcome = self.ps(*arguments)
            self.assertEqual((outcome.code, outcome.err.count("\n")), (64, 1))

    def test_resolve(self) -> None:
        """
        The beginning of an id is enough if no other begins so, and those that
        do are told.
        """
        with self.server.client() as client:
            self.assertEqual(client.resolve("00000004"), identifierOf(4))
            self.assertEqual(client.resolve(identifierOf(9)), identifierOf(9))
            self.assertRaises(UnknownJob, client.resolve, "1")
            with self.assertRaises(Unacceptable) as caught:
                client.resolve("0")
            self.assertIn(identifierOf(2), str(caught.exception))
            self.assertIn(", …; write more", str(caught.exception))
            self.assertRaises(Unacceptable, client.resolve, "")
            with self.assertRaises(Unacceptable):
                client.jobs(Filter([State.UNKNOWN]))

    def test_named(self) -> None:
        """
        A name means the newest job of that name that runs, and otherwise the
        newest; the first in a list is the newest.
        """
        for number, name, state in (
            (0, "other", wire.RUNNING),
            (1, "night", wire.EXITED),
            (2, "night", wire.RUNNING),
            (3, "night", wire.RUNNING),
            (4, "done", wire.EXITED),
            (5, "done", wire.EXITED),
        ):
            self.jobs[number].command.name = name
            self.jobs[number].status.state = state
        with self.server.client() as client:
            self.assertEqual(client.resolve("night"), identifierOf(2))
            self.assertEqual(client.resolve("done"), identifierOf(4))
            with self.assertRaises(UnknownJob) as caught:
                client.resolve("nigh")
            self.assertIn("'nigh'", str(caught.exception))

    def test_both(self) -> None:
        """
        What begins an id and is a name, too, is understood only if both mean
        the same job, or if it is shorter than what is shown of ids: then it is
        the name.
        """
        self.jobs[1].command.name = "00000001"
        self.jobs[4].command.name = "0000000"
        self.jobs[2].command.name = "00000003"
        with self.server.client() as client:
            self.assertEqual(client.resolve("00000001"), identifierOf(1))
            self.assertEqual(client.resolve("0000000"), identifierOf(4))
            with self.assertRaises(Unacceptable) as caught:
                client.resolve("00000003")
        said = str(caught.exception)
        self.assertIn(f"another: {identifierOf(2)}, {identifierOf(3)};", said)

    def test_ignored(self) -> None:
        """
        A server that passes over what is asked for is not believed: nothing
        is done to a job that nobody meant.
        """
        server = WireServer({"ListJobs": lambda _, __: wire.JobList(jobs=self.jobs)})
        self.addCleanup(server.stop)
        with server.client() as client:
            self.assertRaises(Unsupported, client.resolve, "night")
            for labels in ({"a": "b"}, {"a": None}):
                with self.assertRaises(Unsupported):
                    list(client.jobs(Filter(labels=labels)))
        outcome = run([*server.flags(), "stop", "--job", "night"])
        self.assertIn("older than this client", outcome.err)

    def test_original(self) -> None:
        """
        A server of the original kind has no list, but knows whole ids.
        """
        asked = []

        def stop(request: wire.StopRequest, _: object) -> wire.JobStatus:
            asked.append(request.job.id)
            return status(wire.STOPPED, 0)

        server = WireServer({"StopJob": stop})
        self.addCleanup(server.stop)
        for called in ("0000", "night"):
            outcome = run([*server.flags(), "stop", "--job", called])
            self.assertIn("older than this client", outcome.err)
            self.assertNotEqual(outcome.code, 0)
        outcome = run([*server.flags(), "stop", "--job", identifierOf(5)])
        self.assertEqual((outcome.code, asked), (0, [identifierOf(5)]))


class TableTests(SynchronousTestCase):
    """
    Jobs as a table.
    """

    def test_rows(self) -> None:
        """
        A job is told in one line, and ids are as long as they must be.
        """
        second = 1_000_000_000
        command, owner = ("sh", ("-c", "echo\n日本")), "al\x1bice"
        jobs = [
            JobStatus("12345678-a", *command, owner, 1, State.RUNNING, started=0),
            JobStatus("12345678-b", "true", (), "bob", 2, State.EXITED, 3),
            JobStatus("22345678-b", "true", (), "bob", 2, State.STOPPED, None, 15),
        ]
        self.assertEqual(
            table(jobs, 200 * second, 80),
            [
                "ID          OWNER      STATE            STARTED  COMMAND",
                "12345678-a  al\\x1bice  running          3m ago   sh -c 'echo\\n日本'",
                "12345678-b  bob        exited 3                  true",
                "22345678-b  bob        stopped SIGTERM           true",
            ],
        )
        wanted = Specification(name="n" * 30)
        self.assertEqual(
            table([jobs[1], evolve(jobs[2], specification=wanted)], 0, 69),
            [
                "ID        OWNER  STATE            STARTED  NAME                  COM…",
                "12345678  bob    exited 3                                        true",
                "22345678  bob    stopped SIGTERM           nnnnnnnnnnnnnnnnnnn…  true",
            ],
        )
        (_, line) = table([evolve(jobs[0], specification=wanted)], 0, None)
        self.assertIn(f" {wanted.name} ", line)
        ages = {-5: "0s", 119: "119s", 7199: "119m", 7200: "2h", 172_800: "2d"}
        for seconds, age in ages.items():
            (_, line) = table(jobs[:1], seconds * second, 80)
            self.assertIn(f" {age} ago ", line)

    @given(
        st.text(min_size=1),
        st.text(),
        st.integers(1, 200),
        st.sampled_from(["utf-8", "ascii", "iso-8859-15"]),
    )
    def test_fits(self, text: str, owner: str, columns: int, encoding: str) -> None:
        """
        No line is wider than the terminal, and none breaks, nor is made wider by
        escapes for what there are no bytes for.
        """
        job = JobStatus("1" * 36, text, (text,), owner, 1, State.RUNNING, started=0)
        for line in table([job], 0, columns, encoding):
            line.encode(encoding)
            self.assertLessEqual(_width(line), columns)
            self.assertTrue(line.isprintable())
