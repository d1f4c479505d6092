"""
How daemons end, and how they run in the background.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import grpc

from jobworker.api import worker_pb2 as pb
from tests.callers import calling
from tests.daemons import (
    PATIENCE,
    Daemon,
    DaemonCase,
    endProcesses,
    environment,
    processesOf,
    until,
)

#: A job that nothing but SIGKILL ends.
STUBBORN = ("sh", "-c", "trap '' TERM INT HUP; echo ready; while :; do sleep 0.1; done")


def parseJSON(text: str) -> list[dict[str, Any]]:
    """
    Read a log of which every line is JSON.
    """
    return [json.loads(line) for line in text.splitlines()]


def isAlive(pid: int) -> bool:
    """
    Say whether there is such a process, and it has not ended.
    """
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


#: Is a daemon, of which the gRPC server fails as soon as it serves.
_FAILING = """
import sys
from twisted.internet import reactor
from twisted.logger import globalLogBeginner, textFileLogObserver
from jobworker.daemon.gateway import Gateway
from jobworker.tap import Options, makeService
options = Options()
options.parseOptions(sys.argv[1:])
service = makeService(options)
(gateway,) = [each for each in service if isinstance(each, Gateway)]
globalLogBeginner.beginLoggingTo([textFileLogObserver(sys.stdout)])
def fail(_):
    loop = gateway._parts.rpc._run.loop
    loop.call_soon_threadsafe(loop.stop)
service.privilegedStartService()
service.startService()
gateway._beginning.addCallback(fail)
reactor.addSystemEventTrigger("before", "shutdown", service.stopService)
reactor.run()
"""


class EndCase(DaemonCase):
    """
    Daemons of which it is known what they leave.
    """

    def setUp(self) -> None:
        """
        Make a directory for what is temporary.
        """
        self.temporary = tempfile.mkdtemp(prefix="jobworker-", dir="/tmp")
        self.addCleanup(shutil.rmtree, self.temporary)

    def launch(
        self, daemon: Daemon, arguments: Sequence[str] = ()
    ) -> subprocess.Popen[bytes]:
        """
        Start a daemon as a shell with job control would, and do not wait.
        """
        output: IO[bytes]
        with open(daemon.logfile, "ab") as output:
            daemon.process = subprocess.Popen(
                arguments or daemon.arguments(),
                cwd=daemon.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment(TMPDIR=self.temporary),
                start_new_session=True,
            )
        return daemon.process

    def untilReady(self, daemon: Daemon) -> None:
        """
        Wait until calls can be made.
        """
        until(lambda: "jobworker is ready" in daemon.said(), "the daemon is ready")

    def assertCleanEnd(self, daemon: Daemon) -> None:
        """
        Nothing went wrong, and the directory of the socket is gone.
        """
        self.assertNotIn("Traceback", daemon.said())
        self.assertNotIn("#error]", daemon.said())
        self.assertEqual(os.listdir(self.temporary), [])

    def supervisorOf(self, daemon: Daemon) -> int:
        """
        Find the supervisor of a daemon that does not run any more.
        """
        (pid,) = processesOf(str(daemon.state))
        return pid


class TerminationTests(EndCase):
    """
    SIGTERM and SIGINT end the daemon in order.
    """

    def test_term(self) -> None:
        """
        Followers are told to come back, nobody gets in any more, and jobs and
        their supervisor go on, as the log says.
        """
        daemon = self.makeDaemon()
        process = self.launch(daemon)
        self.untilReady(daemon)
        with calling(daemon) as caller:
            job = caller.start(*STUBBORN)
            followers = [caller.stream(job), caller.read(job)]
            for follower in followers:
                next(follower)
            daemon.signal(signal.SIGTERM)
            for follower in followers:
                error: Any = self.assertRaises(grpc.RpcError, list, follower)
                self.assertEqual(error.code(), grpc.StatusCode.UNAVAILABLE)
            self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)
            refused: Any = self.assertRaises(grpc.RpcError, caller.start, "true")
            self.assertEqual(refused.code(), grpc.StatusCode.UNAVAILABLE)
        self.assertCleanEnd(daemon)
        pid = self.supervisorOf(daemon)
        self.assertIn("1 job goes on: start jobworker again", daemon.said())
        self.assertIn(f"end them all with: kill {pid}", daemon.said())
        self.launch(daemon)
        until(lambda: "running jobs: 1" in daemon.said(), "the job is found")
        daemon.stop()

    def test_hangup(self) -> None:
        """
        The supervisor does not end by a signal that others take for a wish to
        have settings read again, and a job does.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop")
        gateway = self.launch(daemon)
        self.untilReady(daemon)
        (supervisor,) = {*processesOf(str(daemon.state))} - {gateway.pid}
        with calling(daemon) as caller:
            os.kill(supervisor, signal.SIGHUP)
            job = caller.start("sh", "-c", "kill -HUP $$; sleep 600")
            end = [reply for reply in caller.read(job) if reply.HasField("end")]
        self.assertEqual(end[0].end.status.status.signal, signal.SIGHUP)
        self.assertTrue(isAlive(supervisor))
        daemon.stop()

    def test_failing(self) -> None:
        """
        A daemon that can serve nobody any more ends, with status 1, and its jobs
        do not.
        """
        daemon = self.makeDaemon()
        _, _, _, *rest = daemon.arguments()
        options = rest[rest.index("jobworker") + 1 :]
        process = self.launch(daemon, [sys.executable, "-c", _FAILING, *options])
        self.assertEqual(process.wait(PATIENCE), 1)
        self.assertIn("the gRPC server has failed, and the log says", daemon.said())
        self.assertIn("Event loop stopped", daemon.said())
        self.assertTrue(isAlive(self.supervisorOf(daemon)))

    def test_interrupt(self) -> None:
        """
        Ctrl-C, which every process of the terminal's group gets, ends the
        gateway alone.
        """
        daemon = self.makeDaemon()
        process = self.launch(daemon)
        self.untilReady(daemon)
        daemon.run(*STUBBORN)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGINT)
        self.assertCleanEnd(daemon)
        self.assertIn("1 job goes on", daemon.said())
        self.assertTrue(isAlive(self.supervisorOf(daemon)))

    def test_stop(self) -> None:
        """
        Where jobs shall end with the daemon, those that do not obey are killed,
        and the table says so.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop")
        process = self.launch(daemon)
        self.untilReady(daemon)
        with calling(daemon) as caller:
            job = caller.start(*STUBBORN)
            next(caller.stream(job))
            pid = caller.query(job).status.pid
        daemon.signal(signal.SIGTERM)
        self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM)
        self.assertFalse(isAlive(pid))
        self.assertEqual(processesOf(str(daemon.state)), [])
        self.assertCleanEnd(daemon)
        daemon.start(TMPDIR=self.temporary)
        with calling(daemon) as caller:
            status = caller.query(job).status
        self.assertEqual(status.state, pb.ProcessState.STOPPED)
        self.assertEqual(status.exitCode, -1)

    def test_whileStarting(self) -> None:
        """
        A daemon that is still starting ends as well, and leaves nothing.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop")
        for what in ("starting up", "reactor class", "supervisor"):
            process = self.launch(daemon)

            def reached(what: str = what) -> bool:
                if what == "supervisor":
                    return len(processesOf(str(daemon.state))) > 1
                return what in daemon.said()

            until(reached, what)
            daemon.signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), -signal.SIGTERM, daemon.said())
            self.assertCleanEnd(daemon)
            daemon.logfile.unlink()
            endProcesses(str(daemon.state))


class BackgroundTests(EndCase):
    """
    Without C{--nodaemon} twistd leaves the terminal.
    """

    def test_background(self) -> None:
        """
        The command ends with status 0 and without a word; the process that it
        names in its pidfile logs to a file, JSON where that is asked for, and
        takes both the pidfile and what is temporary with it.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop", "--log-format", "json")
        front = self.launch(daemon, daemon.backgroundArguments())
        self.assertEqual(front.wait(PATIENCE), 0)
        self.assertEqual(daemon.said(), "")
        pidfile, log = daemon.folder / "twistd.pid", daemon.folder / "twistd.log"
        until(
            lambda: "jobworker is ready" in log.read_text(),
            "the daemon in the background is ready",
        )
        daemon.run("true")
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        until(lambda: not processesOf(str(daemon.state)), "the daemon has ended")
        self.assertFalse(pidfile.exists())
        self.assertEqual(os.listdir(self.temporary), [])
        levels = {each["level"] for each in parseJSON(log.read_text())}
        self.assertLessEqual(levels, {"info", "debug"})

    def test_json(self) -> None:
        """
        In front, too, every line is JSON, and among them what goes wrong at the
        start.
        """
        daemon = self.startDaemon("--on-shutdown", "stop", "--log-format", "json")
        second = Daemon(daemon.folder, daemon.options, daemon.port)
        done = subprocess.run(
            second.arguments(),
            cwd=daemon.folder,
            env=environment(TMPDIR=self.temporary),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE,
            check=False,
        )
        self.assertEqual(done.returncode, 1)
        self.assertIn("already in use", parseJSON(done.stdout.decode())[-1]["text"])
        daemon.stop()
        texts = [each["text"] for each in parseJSON(daemon.said())]
        self.assertTrue([text for text in texts if text.startswith("jobworker is")])

    def test_closed(self) -> None:
        """
        With all standard descriptors closed, none is taken for anything else.
        """
        daemon = self.makeDaemon("--on-shutdown", "stop")
        shell = ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *daemon.arguments()]
        process = self.launch(daemon, shell)
        until(lambda: daemon.call("query", "--job", "x").returncode != 69, "it answers")
        daemon.run("true")
        for number in range(3):
            target = os.readlink(f"/proc/{process.pid}/fd/{number}")
            self.assertEqual(target, os.devnull)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(os.listdir(self.temporary), [])
