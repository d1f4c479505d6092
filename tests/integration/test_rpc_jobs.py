"""
Real jobs over a real connection: processes, spools, and all between them and
a client.
"""

from __future__ import annotations

import json
import sys
from hashlib import blake2b
from typing import Any

from grpc import StatusCode as Code

from twisted.internet.defer import Deferred, gatherResults

from jobworker.api import worker_pb2 as pb
from jobworker.interfaces.roster import IRoster
from tests.rpc import RPCTestCase
from tests.services import Service

#: Writes so many numbered lines as fast as it can, and exits with 7.
LINES = "import sys; print(*range({}), sep='\\n'); sys.exit(7)"


class JobTests(RPCTestCase):
    """
    What a job does is what a client sees of it.
    """

    async def makeRoster(self) -> IRoster:
        """
        Make a roster of real processes.
        """
        real = Service(self.directory)
        self.addCleanup(lambda: Deferred.fromCoroutine(real.close()))
        await real.roster.recover()
        return real.roster

    async def start(self, *command: str) -> pb.Job:
        """
        Start a job.
        """
        program, *arguments = command
        job = await self.call("StartJob", pb.Command(cmd=program, args=arguments))
        assert isinstance(job, pb.Job)
        return job

    def read(self, job: pb.Job) -> Deferred[Any]:
        """
        Follow a job to its end.
        """
        return self.call("ReadLog", pb.ReadRequest(job=job, follow=True))

    def content(self, replies: list[pb.ReadReply], source: Any) -> bytes:
        """
        Put together what was sent of a source.
        """
        return b"".join(
            reply.chunk.data for reply in replies if reply.chunk.source == source
        )

    async def test_bothSources(self) -> None:
        """
        Both sources are byte-exact, and the end says how the job ended.
        """
        script = "printf 'a\\0b'; printf '\\377' >&2; printf c; kill -9 $$"
        job = await self.start("sh", "-c", script)
        replies = await self.read(job)
        self.assertEqual(self.content(replies, pb.STDOUT), b"a\0bc")
        self.assertEqual(self.content(replies, pb.STDERR), b"\xff")
        status = replies[-1].end.status.status
        self.assertEqual(
            (status.state, status.exitCode, status.signal), (pb.EXITED, -1, 9)
        )

    async def test_manyFollowers(self) -> None:
        """
        All who follow a job that writes a lot at its end have every line.
        """
        number = 50_000
        expected = "".join(f"{each}\n" for each in range(number)).encode()
        job = await self.start(sys.executable, "-c", LINES.format(number))
        readings = await gatherResults([self.read(job) for _ in range(4)])
        for replies in readings:
            self.assertEqual(self.content(replies, pb.STDOUT), expected)
            end = replies[-1].end
            self.assertEqual(end.status.status.exitCode, 7)
            self.assertEqual(end.totals[0].digest, blake2b(expected).digest())

    async def test_streamLog(self) -> None:
        """
        Every line of a job has its number, and the job's end is told last.
        """
        number = 2_000
        job = await self.start(sys.executable, "-c", LINES.format(number))
        logs = await self.call("StreamLog", pb.StreamRequest(job=job))
        said = [json.loads(log.entry)["msg"] for log in logs]
        self.assertEqual(said[:number], [*map(str, range(number))])
        self.assertEqual(
            said[number:],
            [f"Job {job.id} exited with code 7", f"Exiting job {job.id}"],
        )
        self.assertEqual([log.nbSequence for log in logs], [*range(number + 2)])

    async def test_stopped(self) -> None:
        """
        A follower sees the end of a job that is stopped, and a stop that is
        ignored leaves it running.
        """
        script = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
        job = await self.start("sh", "-c", script)
        reading = self.read(job)
        lines = 0
        while not lines:
            so = await self.call("ReadLog", pb.ReadRequest(job=job))
            lines = len(self.content(so, pb.STDOUT))
        await self.assertCode(
            Code.DEADLINE_EXCEEDED, self.call("StopJob", pb.StopRequest(job=job))
        )
        stopped = await self.call("StopJob", pb.StopRequest(job=job, force=True))
        self.assertEqual((stopped.status.state, stopped.status.signal), (pb.STOPPED, 9))
        replies = await reading
        self.assertEqual(self.content(replies, pb.STDOUT), b"ready\n")
        self.assertEqual(replies[-1].end.status, stopped)

    async def test_cannotStart(self) -> None:
        """
        What cannot be executed is the command's fault, whatever the reason.
        """
        for command in (
            pb.Command(cmd="/nonexistent"),
            pb.Command(cmd="/etc"),
            pb.Command(cmd="/etc/passwd"),
            pb.Command(cmd="no-such-program-anywhere"),
            pb.Command(cmd="true", args=["x" * 3_000_000]),
        ):
            await self.assertCode(Code.INVALID_ARGUMENT, self.call("StartJob", command))

    async def test_delete(self) -> None:
        """
        A job that was deleted has no log any more.
        """
        job = await self.start("echo", "hello")
        await self.read(job)
        await self.call("DeleteJob", job)
        for method, request in (
            ("QueryJob", job),
            ("ReadLog", pb.ReadRequest(job=job)),
            ("StreamLog", pb.StreamRequest(job=job)),
        ):
            await self.assertCode(Code.NOT_FOUND, self.call(method, request))
