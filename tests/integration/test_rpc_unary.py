"""
The methods that are answered once, over a real connection.
"""

from __future__ import annotations

from uuid import uuid4

from google.protobuf.duration_pb2 import Duration
from grpc import StatusCode as Code

from twisted.internet.defer import fail
from twisted.internet.threads import deferToThread

from jobworker import __version__, bounds
from jobworker.api import worker_pb2 as pb
from jobworker.description import Description, Guarantee, Limit
from jobworker.errors import NoRoom, RosterUnreachable, ShuttingDown, StorageFailed
from jobworker.jobs import Command
from jobworker.life import Lost, advance
from jobworker.rpc.settings import MAX_REQUEST
from tests.contracts import exampleRecord
from tests.doings import COMMANDS, Doing
from tests.memoryroster import MemoryRoster
from tests.rpc import RPCTestCase, fieldsOf, methodOf
from tests.tokens import claiming


def commandOf(doing: Doing) -> pb.Command:
    """
    Write down a command by what it does.
    """
    command = COMMANDS[doing]
    return pb.Command(cmd=command.program, args=command.arguments)


class UnaryTests(RPCTestCase):
    """
    Jobs are started, stopped, queried and deleted.
    """

    async def started(self, doing: Doing) -> pb.Job:
        """
        Start a job.
        """
        job = await self.call("StartJob", commandOf(doing))
        assert isinstance(job, pb.Job)
        return job

    async def test_life(self) -> None:
        """
        A job runs, is stopped, has ended, and is forgotten.
        """
        job = await self.started(Doing.SLEEPS)
        running = await self.call("QueryJob", job)
        self.assertEqual(running.job, job)
        self.assertEqual(running.command, commandOf(Doing.SLEEPS))
        self.assertEqual(running.owner, "alice")
        self.assertEqual(
            (running.status.state, running.status.exitCode), (pb.RUNNING, -1)
        )
        stopped = await self.call("StopJob", pb.StopRequest(job=job))
        self.assertEqual(stopped.status.state, pb.STOPPED)
        self.assertEqual((stopped.status.exitCode, stopped.status.signal), (-1, 15))
        self.assertEqual(await self.call("QueryJob", job), stopped)
        self.assertEqual(await self.call("DeleteJob", job), pb.Deleted())
        await self.assertCode(Code.NOT_FOUND, self.call("QueryJob", job))

    async def test_wait(self) -> None:
        """
        Who waits for a job is answered when it has ended; a deadline ends the
        call and nothing else, and one may wait again.
        """
        job = await self.started(Doing.SLEEPS)
        method = methodOf(self.alice, "WaitJob")
        metadata = (("token", claiming()),)
        await self.assertCode(
            Code.DEADLINE_EXCEEDED,
            deferToThread(method, job, timeout=0.1, metadata=metadata),
        )
        waiting = [self.call("WaitJob", job) for _ in range(3)]
        stopped = await self.call("StopJob", pb.StopRequest(job=job))
        self.assertLess(stopped.started, stopped.ended)
        self.assertFalse(stopped.HasField("usage"))
        for each in waiting:
            self.assertEqual(await each, stopped)
        self.assertEqual(await self.call("WaitJob", job), stopped)

    async def test_signal(self) -> None:
        """
        A job gets a signal, and what comes of it is its own affair.
        """
        job = await self.started(Doing.SLEEPS)
        for number in (-1, 0, 65):
            request = pb.SignalRequest(job=job, signal=number)
            error = await self.assertCode(
                Code.INVALID_ARGUMENT, self.call("SignalJob", request)
            )
            self.assertEqual([*fieldsOf(error)], ["signal"])
        request = pb.SignalRequest(job=job, signal=10)
        running = await self.call("SignalJob", request)
        self.assertEqual(running.status.state, pb.RUNNING)
        ended = (await self.call("WaitJob", job)).status
        self.assertEqual((ended.signal, ended.cause), (10, pb.CAUSE_SIGNALED))
        error = await self.assertCode(
            Code.ALREADY_EXISTS, self.call("SignalJob", request)
        )
        self.assertEqual([*fieldsOf(error)], ["job"])

    async def test_info(self) -> None:
        """
        The server says what it is.
        """
        self.roster.description = Description(
            "0.7", (Limit("log_bytes", 7),), (Guarantee("peace", False, "\udc80 war"),)
        )
        info = await self.call("GetServerInfo", pb.InfoRequest())
        self.assertEqual((info.version, info.supervisor_version), (__version__, "0.7"))
        limits = {each.name: each.value for each in info.limits}
        self.assertEqual(limits["request_bytes"], MAX_REQUEST)
        self.assertEqual(limits["log_bytes"], 7)
        # What jobs may ask for, as far as somebody may come near it.
        self.assertEqual(limits["environment_bytes"], bounds.MAX_ENVIRONMENT)
        self.assertEqual(limits["environment_variables"], bounds.MAX_VARIABLES)
        self.assertEqual(limits["stdin_bytes"], bounds.MAX_INPUT)
        self.assertEqual(limits["labels"], bounds.MAX_LABELS)
        self.assertEqual(limits["timeout_seconds"], bounds.MAX_TIME)
        self.assertEqual(len(limits), len(info.limits))
        peace = pb.Guarantee(name="peace", reason="? war")
        self.assertEqual([*info.guarantees], [peace])
        self.assertGreater(info.time, 1_700_000_000_000_000_000)

    async def test_infoUnreachable(self) -> None:
        """
        The gateway answers for itself while the supervisor is out of reach.
        """
        away = fail(RosterUnreachable("gone"))
        self.patch(MemoryRoster, "describe", lambda _: away)
        info = await self.call("GetServerInfo", pb.InfoRequest())
        self.assertEqual((info.version, info.supervisor_version), (__version__, ""))
        self.assertIn("gone", info.supervisor_problem)

    async def test_list(self) -> None:
        """
        Jobs are listed, the newest first, page by page, while others come.
        """
        records = [
            exampleRecord(number, owner="alice" if number % 2 else "bob")
            for number in range(5)
        ]
        for record in records[:2]:
            self.roster.put(advance(record, Lost(9, "power cut")))
        for record in records[2:]:
            self.roster.put(record)
        seen: list[str] = []
        request = pb.ListRequest(page_size=2)
        while True:
            answer = await self.call("ListJobs", request)
            seen += [each.job.id for each in answer.jobs]
            if not answer.next_page_token:
                break
            request.page_token = answer.next_page_token
            self.roster.put(exampleRecord(10 + len(seen)))
        self.assertEqual(seen, [record.identifier for record in records[::-1]])
        request = pb.ListRequest(states=[pb.LOST], owner="alice")
        (lost,) = (await self.call("ListJobs", request)).jobs
        self.assertEqual(lost, await self.call("QueryJob", lost.job))
        request = pb.ListRequest(started_before=records[2].started, states=[pb.RUNNING])
        self.assertEqual(await self.call("ListJobs", request), pb.JobList())

    async def test_exits(self) -> None:
        """
        A job that exits by itself says so, with its code.
        """
        for doing, code in ((Doing.SUCCEEDS, 0), (Doing.FAILS, 3)):
            job = await self.started(doing)
            status = (await self.call("QueryJob", job)).status
            while status.state == pb.RUNNING:
                status = (await self.call("QueryJob", job)).status
            self.assertEqual((status.state, status.exitCode), (pb.EXITED, code))

    async def test_stopObeyed(self) -> None:
        """
        A stop says with which code a command left.
        """
        job = await self.started(Doing.OBEYS)
        stopped = await self.call("StopJob", pb.StopRequest(job=job))
        self.assertEqual(
            (stopped.status.state, stopped.status.exitCode), (pb.STOPPED, 5)
        )

    async def test_stopIgnored(self) -> None:
        """
        A polite stop that is ignored says that force would help; the job goes
        on, and force does help.
        """
        job = await self.started(Doing.IGNORES)
        error = await self.assertCode(
            Code.DEADLINE_EXCEEDED, self.call("StopJob", pb.StopRequest(job=job))
        )
        self.assertEqual([*fieldsOf(error)], ["force"])
        running = await self.call("QueryJob", job)
        self.assertEqual(running.status.state, pb.RUNNING)
        request = pb.StopRequest(job=job, force=True)
        stopped = await self.call("StopJob", request)
        self.assertEqual((stopped.status.exitCode, stopped.status.signal), (-1, 9))

    async def test_stopGrace(self) -> None:
        """
        With a grace a stop that is ignored is answered when the job was killed.
        """
        job = await self.started(Doing.IGNORES)
        request = pb.StopRequest(job=job, grace=Duration(nanos=1000))
        stopped = await self.call("StopJob", request)
        self.assertEqual((stopped.status.state, stopped.status.signal), (pb.STOPPED, 9))

    async def test_stopEnded(self) -> None:
        """
        What is not running cannot be stopped.
        """
        job = await self.started(Doing.SLEEPS)
        request = pb.StopRequest(job=job, force=True)
        await self.call("StopJob", request)
        error = await self.assertCode(
            Code.ALREADY_EXISTS, self.call("StopJob", request)
        )
        self.assertEqual([*fieldsOf(error)], ["job"])

    async def test_deleteRunning(self) -> None:
        """
        A job that runs cannot be deleted.
        """
        job = await self.started(Doing.SLEEPS)
        error = await self.assertCode(
            Code.FAILED_PRECONDITION, self.call("DeleteJob", job)
        )
        self.assertEqual([*fieldsOf(error)], ["job"])

    async def test_cannotStart(self) -> None:
        """
        What cannot be started is the command's fault.
        """
        for command in (
            pb.Command(),
            pb.Command(args=["-l"]),
            pb.Command(cmd="/nonexistent/program"),
            pb.Command(cmd="true\0"),
            pb.Command(cmd="true", args=["a", "b\0c"]),
        ):
            error = await self.assertCode(
                Code.INVALID_ARGUMENT, self.call("StartJob", command)
            )
            self.assertEqual([*fieldsOf(error)], ["command"])

    async def test_unknown(self) -> None:
        """
        A job that does not exist is not found, whatever is called so.
        """
        for identifier in (str(uuid4()), "nonsense", "../../etc/passwd", "é"):
            job = pb.Job(id=identifier)
            for method, request in (
                ("QueryJob", job),
                ("DeleteJob", job),
                ("StopJob", pb.StopRequest(job=job)),
            ):
                error = await self.assertCode(
                    Code.NOT_FOUND, self.call(method, request)
                )
                self.assertEqual([*fieldsOf(error)], ["job"])

    async def test_badRequests(self) -> None:
        """
        Requests that make no sense are refused, with the field that does not.
        """
        job = await self.started(Doing.SLEEPS)
        rows: list[tuple[str, pb.StopRequest | pb.Job, str]] = [
            ("QueryJob", pb.Job(), "job"),
            ("DeleteJob", pb.Job(), "job"),
            ("StopJob", pb.StopRequest(), "job"),
            ("StopJob", pb.StopRequest(force=True), "job"),
            ("StopJob", pb.StopRequest(job=job, signal=65), "signal"),
            ("StopJob", pb.StopRequest(job=job, signal=-9), "signal"),
        ]
        rows += [
            ("StopJob", pb.StopRequest(job=job, grace=grace), "grace")
            for grace in (
                Duration(seconds=-1),
                Duration(nanos=-1),
                Duration(seconds=1, nanos=2**31 - 1),
                Duration(seconds=10**9),
            )
        ]
        for method, request, field in rows:
            error = await self.assertCode(
                Code.INVALID_ARGUMENT, self.call(method, request)
            )
            self.assertEqual([*fieldsOf(error)], [field], request)
        self.assertEqual((await self.call("QueryJob", job)).status.state, pb.RUNNING)

    async def test_malformed(self) -> None:
        """
        Bytes that are no message are refused, and harm nobody.
        """
        for junk in (b"\xff" * 10, b"\x0a\x05ab", b"\x0a\x02\xff\xfe"):
            for method in ("StartJob", "StopJob", "QueryJob", "DeleteJob"):
                await self.assertCode(Code.INVALID_ARGUMENT, self.call(method, junk))

    async def test_tooLarge(self) -> None:
        """
        A request of more than 4 MiB is refused, and one of less is not for
        its size.
        """
        long = pb.Command(cmd="a", args=["x" * MAX_REQUEST])
        await self.assertCode(Code.RESOURCE_EXHAUSTED, self.call("StartJob", long))
        long = pb.Command(cmd="a", args=["x" * (MAX_REQUEST - 100)])
        await self.assertCode(Code.INVALID_ARGUMENT, self.call("StartJob", long))

    async def test_rosterRefuses(self) -> None:
        """
        What keeps the service from starting a job is told by the code.
        """
        for refusal, code in (
            (NoRoom("no disk"), Code.RESOURCE_EXHAUSTED),
            (StorageFailed("read-only"), Code.RESOURCE_EXHAUSTED),
            (ShuttingDown(), Code.UNAVAILABLE),
            (RosterUnreachable("it is gone"), Code.UNAVAILABLE),
        ):
            self.roster.refusal = refusal
            await self.assertCode(code, self.call("StartJob", pb.Command(cmd="true")))

    async def test_surprise(self) -> None:
        """
        What nobody expected is logged, and the caller learns nothing of it.
        """
        self.roster.refusal = ZeroDivisionError("secret")
        error = await self.assertCode(
            Code.INTERNAL, self.call("StartJob", pb.Command(cmd="true"))
        )
        self.assertNotIn("secret", error.details())
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_arguments(self) -> None:
        """
        A command is answered for as it was sent.
        """
        args = ["", "a\nb", "é日", "x" * 1000, *map(str, range(10_000))]
        command = Command("true", tuple(args))
        self.roster.scripts = {command: self.roster.scripts[Command("sleep", ("60",))]}
        job = await self.call("StartJob", pb.Command(cmd="true", args=args))
        answer = await self.call("QueryJob", job)
        self.assertEqual([*answer.command.args], args)

    async def test_bearer(self) -> None:
        """
        The token may come as a bearer's.
        """
        metadata = (("authorization", f"Bearer {claiming()}"),)
        job = pb.Job(id=str(uuid4()))
        calling = self.call("QueryJob", job, metadata=metadata)
        await self.assertCode(Code.NOT_FOUND, calling)
