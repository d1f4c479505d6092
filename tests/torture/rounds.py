"""
Rounds of torture: jobs, clients, and somebody who kills.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import grpc
from attrs import define, field

from jobworker.api import worker_pb2 as pb
from tests.callers import Caller, calling
from tests.daemons import Daemon, processesOf, until

from .following import ByteFollower, LineFollower, persevere
from .tallying import Tally
from .traces import leftovers, supervisorsOf
from .writers import Broken, Writer, randomWriter

JOBS = 20

#: Crash points that are only met when all jobs have ended.
LATE = frozenset({"delete-stored", "supervisor-stopping"})

#: Seconds that a process is given to meet its crash point.
PATIENCE = 20.0

#: Seconds that any call may take, with the starts of gateways that it waits for.
_CALL = 120.0


@define(eq=False)
class Round:
    """
    Twenty jobs, followed to their ends, while processes are killed.

    @ivar _victim: C{"gateway"} or C{"supervisor"}.
    @ivar _point: The crash point that a process of that kind is started with;
        empty means none.
    @ivar _killed: The supervisors that were killed.
    @ivar _first: The one that was started with the crash point.
    """

    _daemon: Daemon
    _chance: random.Random
    _victim: str
    _point: str
    _tally: Tally
    _jobs: dict[str, Writer] = field(factory=dict, init=False)
    _over: threading.Event = field(factory=threading.Event, init=False)
    _killed: set[int] = field(factory=set, init=False)
    _first: set[int] = field(factory=set, init=False)

    def run(self) -> None:
        """
        Do it, and check that everything is as it was promised.

        @raise Broken: If it is not.
        """
        recovers = self._point.startswith("recovery-")
        self._startDaemon("" if recovers else self._point)
        with (
            calling(self._daemon, patience=_CALL) as caller,
            ThreadPoolExecutor(JOBS * 2 + 2) as pool,
        ):
            killing = pool.submit(self._kill)
            try:
                futures = self._startJobs(caller, pool)
                self._stopOne(caller)
                for future in futures:
                    future.result()
            finally:
                self._over.set()
                killing.result()
            self._revive()
            self._checkJobs(caller)
            if self._point in LATE:
                self._restartAll()
            self._deleteSome(caller)
        if self._point == "supervisor-stopping":
            self._stopBadly()
        if self._first and not self._first & (
            supervisorsOf(self._daemon) | self._killed
        ):
            self._tally.points.add(self._point)
        self._endDaemon()
        self._tally.rounds += 1

    def _startDaemon(self, point: str = "") -> None:
        """
        Start a gateway, which may have to start a supervisor; one with a crash
        point may well not live to be ready.
        """
        changes = {"JOBWORKER_CRASH_AT": point} if point else {}
        try:
            self._daemon.start(**changes)
        except AssertionError:
            if not point:
                raise
            self._tally.points.add(point)
            self._daemon.start()
        if point and self._victim == "supervisor":
            self._first = supervisorsOf(self._daemon)

    def _startJobs(
        self, caller: Caller, pool: ThreadPoolExecutor
    ) -> list[Future[None]]:
        """
        Start the jobs, and followers for each.
        """
        futures = []
        for _ in range(JOBS):
            writer = randomWriter(self._chance)
            # A start that was cut off may have happened; it is then not ours.
            job = persevere(lambda w=writer: caller.start(*w.command), "start")  # type: ignore[misc]
            assert isinstance(job, pb.Job)
            self._jobs[job.id] = writer
            futures.append(pool.submit(self._follow, caller, job, writer))
            if self._chance.random() < 0.3:
                futures.append(pool.submit(self._stream, caller, job, writer))
        return futures

    def _follow(self, caller: Caller, job: pb.Job, writer: Writer) -> None:
        """
        Follow a job byte by byte.
        """
        follower = ByteFollower(caller, job)
        status = follower.follow()
        lost = status.status.state == pb.LOST
        if lost and self._victim == "gateway":
            raise Broken(f"{job.id} is lost: {status.status.reason}")
        for proof in follower.proofs.values():
            self._tally.lines += proof.lines
            if not lost and (proof.lines != writer.lines or not proof.whole):
                raise Broken(f"{proof.name}: {proof.lines} lines of {writer.lines}")

    def _stream(self, caller: Caller, job: pb.Job, writer: Writer) -> None:
        """
        Follow a job line by line.
        """
        follower = LineFollower(caller, job)
        follower.follow()
        for proof in follower.proofs.values():
            if self._victim == "gateway" and proof.lines != writer.lines:
                raise Broken(f"{proof.name}: {proof.lines} lines of {writer.lines}")

    def _stopOne(self, caller: Caller) -> None:
        """
        Start a job that would go on for long, and stop it.
        """
        job = persevere(lambda: caller.start("sleep", "1000"), "start")
        assert isinstance(job, pb.Job)
        try:
            persevere(lambda: caller.kill(job), "stop")
        except grpc.RpcError as error:
            # An earlier attempt, whose answer was lost, has ended it.
            if error.code() is not grpc.StatusCode.ALREADY_EXISTS:
                raise
        answer = persevere(lambda: caller.query(job), "query")
        assert isinstance(answer, pb.JobStatus)
        allowed = {pb.STOPPED} | ({pb.LOST} if self._victim == "supervisor" else set())
        if answer.status.state not in allowed:
            raise Broken(f"{job.id} should be stopped: {answer.status}")

    def _deleteSome(self, caller: Caller) -> None:
        """
        Delete some of the jobs; then nobody knows them.
        """
        for identifier in [*self._jobs][::3]:
            job = pb.Job(id=identifier)
            for call in (caller.delete, caller.query):
                try:
                    persevere(lambda j=job, c=call: c(j), "delete")  # type: ignore[misc]
                except grpc.RpcError as error:
                    if error.code() is not grpc.StatusCode.NOT_FOUND:
                        raise
                else:
                    if call == caller.query:
                        raise Broken(f"{identifier} is still there")

    def _restartAll(self) -> None:
        """
        Kill both processes, and start them with the crash point.
        """
        self._daemon.kill()
        self._killSupervisors()
        self._startDaemon(self._point)

    def _kill(self) -> None:
        """
        Kill at random instants, and start again what was killed.
        """
        if self._point.startswith("recovery-"):
            self._over.wait(0.3)
            self._restartAll()
        elif self._point and self._point not in LATE and self._awaitPoint():
            return
        for _ in range(self._chance.randrange(1, 4)):
            if self._over.wait(self._chance.uniform(0.05, 0.8)):
                return
            if self._victim == "gateway":
                assert self._daemon.process is not None
                if self._daemon.process.poll() is not None:
                    self._tally.points.add(self._point)
                else:
                    self._daemon.kill()
                    self._tally.kills += 1
                self._startDaemon()
            else:
                self._killSupervisors()
        while not self._over.wait(0.05):
            self._revive()

    def _awaitPoint(self) -> bool:
        """
        Wait until the process with the crash point has died there.

        @return: Whether the jobs are over before that.
        """
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late and not self._over.wait(0.1):
            if self._victim == "gateway":
                assert self._daemon.process is not None
                met = self._daemon.process.poll() is not None
            else:
                met = not self._first & supervisorsOf(self._daemon)
            if met:
                return False
        return self._over.is_set()

    def _stopBadly(self) -> None:
        """
        Have a supervisor die while it stops, and start another one.
        """
        self._daemon.stop()
        until(
            lambda: not processesOf(str(self._daemon.state)), "the supervisor is gone"
        )
        self._startDaemon()

    def _killSupervisors(self) -> None:
        """
        Kill the supervisor; the gateway has to start another one.
        """
        for process in supervisorsOf(self._daemon):
            try:
                os.kill(process, signal.SIGKILL)
            except ProcessLookupError:
                continue
            self._killed.add(process)
            self._tally.kills += 1

    def _revive(self) -> None:
        """
        Start a gateway again that has ended at its crash point.
        """
        assert self._daemon.process is not None
        if self._daemon.process.poll() is not None:
            self._tally.points.add(self._point)
            self._startDaemon()

    def _checkJobs(self, caller: Caller) -> None:
        """
        Check how every job ended.
        """
        for identifier, writer in self._jobs.items():
            job = pb.Job(id=identifier)
            answer = persevere(lambda j=job: caller.query(j), "query")  # type: ignore[misc]
            assert isinstance(answer, pb.JobStatus)
            status = answer.status
            self._tally.jobs += 1
            if status.state == pb.LOST and self._victim == "supervisor":
                self._tally.lost += 1
                if not status.reason:
                    raise Broken(f"{identifier} is lost without a reason")
                continue
            code = writer.ending if writer.ending >= 0 else -1
            number = -writer.ending if writer.ending < 0 else 0
            if (status.state, status.exitCode, status.signal) != (
                pb.EXITED,
                code,
                number,
            ):
                raise Broken(f"{identifier} should end with {writer.ending}: {status}")

    def _endDaemon(self) -> None:
        """
        End the daemon and its jobs, and check that nothing is left.
        """
        self._daemon.options = (*self._daemon.options, "--on-shutdown", "stop")
        if self._daemon.stop():
            raise Broken("the daemon ended badly:\n" + self._daemon.said()[-2000:])
        until(
            lambda: not processesOf(str(self._daemon.state)), "the supervisor is gone"
        )
        left = leftovers(set(self._jobs))
        if left:
            raise Broken(f"processes are left: {left}")
        run = self._daemon.state / "run"
        sockets = [str(path) for path in run.rglob("*") if path.is_socket()]
        if sockets:
            raise Broken(f"sockets are left: {sockets}")
        for line in self._daemon.said().splitlines():
            if "Traceback" in line or "Unhandled" in line:
                raise Broken(
                    "the daemon logged an error:\n" + self._daemon.said()[-4000:]
                )


def torture(
    daemon: Daemon,
    rounds: int,
    victim: str,
    points: Sequence[str],
    seed: int,
    report: Callable[[str], None],
) -> Tally:
    """
    Do many rounds with one state directory.

    @param points: Crash points; there is a round for each, as far as the rounds
        go, and then those at random instants only.

    @param report: Called with a line after each round.
    """
    tally = Tally()
    for number in range(rounds):
        chance = random.Random(seed * 1_000_003 + number)
        point = points[number] if number < len(points) else ""
        daemon.options = ("--on-shutdown", "stop")
        try:
            Round(daemon, chance, victim, point, tally).run()
        except (Broken, grpc.RpcError, AssertionError):
            report(f"round {number} of seed {seed}, crash point {point!r}, failed")
            raise
        report(f"{victim} {tally}")
    return tally
