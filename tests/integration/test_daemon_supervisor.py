"""
A supervisor as a process of its own, and the gateway that starts it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from twisted.internet.defer import gatherResults
from twisted.internet.testing import EventLoggingObserver
from twisted.internet.utils import getProcessOutputAndValue
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase

from jobworker.daemon.starting import chooseEnvironment
from jobworker.daemon.state import StateDirectory
from jobworker.errors import BadConfiguration
from jobworker.hosting.census import children, look
from jobworker.interfaces.roster import IRoster
from jobworker.jobs import FORCED, Cause, Phase, Record, Source, Status
from jobworker.link.remote import RemoteRoster
from jobworker.logs.files import LogFiles
from jobworker.logs.layout import logPath
from tests.contracts_roster import IRosterTests
from tests.contracts_roster_news import IRosterNewsTests
from tests.doings import COMMANDS, Doing
from tests.hosts import until
from tests.supervisors import makeGateway, makeState, supervisors
from tests.witnesses import Witness

#: With it a process finds what we find.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}

_shared: list[StateDirectory] = []


class SupervisorRosterTests(IRosterTests, IRosterNewsTests, TestCase):
    """
    A roster in another process keeps the contract of a roster.
    """

    async def makeRoster(self) -> IRoster:
        """
        Connect to a supervisor that all of these tests share; it ends soon
        after the last of them.
        """
        if not _shared:
            directory = tempfile.mkdtemp(dir="/tmp", prefix="jwl-")
            atexit.register(shutil.rmtree, directory, True)
            _shared.append(StateDirectory(os.path.join(directory, "state")))
            _shared[0].prepare()
        remote = makeGateway(self, _shared[0], "--linger", "2")
        await remote.whenReady()
        return remote


class _Tests(TestCase):
    """
    Tests that have a state directory.
    """

    timeout = 60

    def setUp(self) -> None:
        """
        Make one.
        """
        self.state = makeState(self)

    async def gateway(self, *options: str) -> RemoteRoster:
        """
        Connect to a supervisor.
        """
        remote = makeGateway(self, self.state, *options)
        await remote.whenReady()
        return remote

    async def failure(self, *options: str, starts: bool = True) -> str:
        """
        Try to connect to a supervisor.

        @return: Why that is not possible, in one line.
        """
        remote = makeGateway(self, self.state, *options, starts=starts)
        try:
            await remote.whenReady()
        except BadConfiguration as error:
            self.assertNotIn("\n", str(error))
            return str(error)
        raise AssertionError("there was a supervisor")

    async def gone(self) -> None:
        """
        Wait for the end of the supervisor.
        """
        await until(lambda: not supervisors(self.state))

    def outputOf(self, identifier: str) -> bytes:
        """
        Read a log that is not written any more.
        """
        files = LogFiles.open(logPath(self.state.logs, identifier))
        try:
            return files.read(Source.STDOUT, 0, files.sizes()[Source.STDOUT])
        finally:
            files.close()


class StartingTests(_Tests):
    """
    A gateway that finds no supervisor starts one.
    """

    async def test_detached(self) -> None:
        """
        It has nothing of the gateway's: neither session nor terminal, neither
        descriptors nor directory, neither environment nor ignored signals.
        """
        old = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGUSR1, old)
        leak = os.open(os.devnull, os.O_RDONLY)
        os.dup2(leak, 200, inheritable=True)
        self.addCleanup(os.close, 200)
        os.close(leak)
        await self.gateway()
        (pid,) = supervisors(self.state)
        proc = f"/proc/{pid}"
        self.assertNotEqual(os.getsid(pid), os.getsid(0))
        self.assertEqual(os.readlink(f"{proc}/cwd"), "/")
        self.assertEqual(os.readlink(f"{proc}/fd/0"), os.devnull)
        self.assertEqual(os.readlink(f"{proc}/fd/2"), self.state.log)
        self.assertNotIn("200", os.listdir(f"{proc}/fd"))
        with open(f"{proc}/environ", "rb") as file:
            names = {each.split(b"=")[0].decode() for each in file.read().split(b"\0")}
        self.assertLessEqual(names - {""}, set(chooseEnvironment(os.environ)))
        with open(f"{proc}/status") as status:
            masks = dict(line.split(":\t", 1) for line in status if ":\t" in line)
        self.assertEqual(int(masks["SigIgn"], 16) & 1 << signal.SIGUSR1 - 1, 0)
        self.assertEqual(int(masks["SigBlk"], 16), 0)

    async def test_small(self) -> None:
        """
        It has loaded neither gRPC nor OpenSSL.
        """
        await self.gateway()
        (pid,) = supervisors(self.state)
        with open(f"/proc/{pid}/maps") as file:
            maps = file.read()
        self.assertIn("_sqlite3", maps)
        names = ("cygrpc", "_rust", "libssl", "OpenSSL", "cryptography")
        self.assertEqual([name for name in names if name in maps], [])

    async def test_imports(self) -> None:
        """
        Nothing that it imports imports gRPC or OpenSSL, but Twisted's reactor.
        """
        program = (
            "import sys; sys.modules['OpenSSL'] = sys.modules['ssl'] = None; "
            "import jobworker.supervisortap; from twisted.internet import reactor; "
            "print(*[n for n in sys.modules if sys.modules[n] is not None])"
        )
        output, _, code = await getProcessOutputAndValue(
            sys.executable, ["-c", program], ENVIRONMENT
        )
        self.assertEqual(code, 0)
        roots = {name.partition(".")[0] for name in output.decode().split()}
        self.assertIn("jobworker", roots)
        self.assertEqual(
            roots & {"grpc", "OpenSSL", "cryptography", "jwt", "click", "ssl"}, set()
        )

    async def test_twoAtOnce(self) -> None:
        """
        Of gateways that start at once all end with the same supervisor.
        """
        remotes = [makeGateway(self, self.state) for _ in range(3)]
        await gatherResults([remote.whenReady() for remote in remotes])
        greetings = {remote.supervisor for remote in remotes}
        self.assertEqual(len(greetings), 1)
        await until(lambda: len(supervisors(self.state)) == 1)

    async def test_noZombies(self) -> None:
        """
        No child is left that nobody has reaped.
        """
        await self.gateway()
        # Other tests may have made this process adopt orphans, supervisors
        # among them: those are in sessions of their own.
        session = os.getsid(0)
        for entry in filter(None, map(look, children(os.getpid()))):
            self.assertFalse(entry.dead and entry.session == session, entry)

    async def test_longPath(self) -> None:
        """
        The path of the state directory may be long.
        """
        long = os.path.join(self.state.path, *["x" * 60] * 3)
        state = StateDirectory(long)
        state.prepare()
        remote = makeGateway(self, state, "--linger", "0")
        await remote.whenReady()
        await remote.close()
        await until(lambda: not supervisors(state))

    async def test_fails(self) -> None:
        """
        Why a supervisor cannot be started is said.
        """
        with open(self.state.table, "wb") as file:
            file.write(b"This is no database at all. " * 50)
        self.assertIn("the job table", await self.failure())

    async def test_cannotListen(self) -> None:
        """
        A supervisor that cannot be reached says so, and ends.
        """
        os.makedirs(os.path.join(self.state.socket, "x"))
        self.assertIn(self.state.socket, await self.failure())
        await self.gone()

    async def test_badOptions(self) -> None:
        """
        That it did not understand its options is in its log.
        """
        self.assertIn(self.state.log, await self.failure("--no-such-option"))
        with open(self.state.log) as file:
            self.assertIn("no-such-option", file.read())

    async def test_never(self) -> None:
        """
        A gateway that may not start one says what to do.
        """
        self.assertIn("jobworker-supervisor", await self.failure(starts=False))
        self.assertEqual(supervisors(self.state), [])

    async def test_staleSocket(self) -> None:
        """
        A socket that a dead supervisor has left is in nobody's way.
        """
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(self.state.socket)
        await self.gateway()

    async def test_socketGone(self) -> None:
        """
        Of a supervisor that is there, and whose socket is not, it is said that
        it is waited for.
        """
        events = EventLoggingObserver.createWithCleanup(self, globalLogPublisher)
        await self.gateway()
        os.unlink(self.state.socket)
        waiting = makeGateway(self, self.state).whenReady()
        waiting.addErrback(lambda _: None)
        self.addCleanup(waiting.cancel)
        await until(lambda: [e for e in events if e.get("socket") == self.state.socket])


class LifeTests(_Tests):
    """
    A supervisor lives for as long as it is needed, and jobs as long as it.
    """

    async def start(self, remote: RemoteRoster, doing: Doing) -> Record:
        """
        Start a job.
        """
        return await remote.start(COMMANDS[doing], "alice")

    async def test_locked(self) -> None:
        """
        A second one says who the first is, and leaves with status 1.
        """
        await self.gateway()
        (pid,) = supervisors(self.state)
        _, errors, code = await getProcessOutputAndValue(
            sys.executable,
            ["-m", "jobworker.supervisortap", "--state-dir", self.state.path],
            ENVIRONMENT,
        )
        self.assertEqual(code, 1)
        self.assertIn(f"locked by another daemon, pid {pid}", errors.decode())
        self.assertEqual(errors.count(b"\n"), 1)

    async def test_outlives(self) -> None:
        """
        Jobs go on when the gateway is gone, and the next one finds them.
        """
        remote = await self.gateway("--linger", "0")
        record = await self.start(remote, Doing.WRITES)
        await remote.close()
        remote = await self.gateway()
        self.assertEqual(await remote.find(record.identifier), record)
        witness = Witness()
        await remote.subscribe(witness)
        self.assertEqual(witness.records, {record.identifier: [record]})
        await remote.stop(record.identifier, "alice", FORCED)

    async def test_lingers(self) -> None:
        """
        It ends when there is neither gateway nor job, and not before.
        """
        remote = await self.gateway("--linger", "0")
        record = await self.start(remote, Doing.SLEEPS)
        await remote.close()
        self.assertEqual(len(supervisors(self.state)), 1)
        os.kill(record.process.pid, signal.SIGKILL)
        await self.gone()
        self.assertFalse(os.path.exists(self.state.socket))

    async def test_terminated(self) -> None:
        """
        Asked to end, it asks its jobs, kills those that do not listen, and
        says so in its table.
        """
        remote = await self.gateway()
        polite = await self.start(remote, Doing.OBEYS)
        sleeping = await self.start(remote, Doing.SLEEPS)
        await until(lambda: self.outputOf(polite.identifier))
        (pid,) = supervisors(self.state)
        await remote.close()
        os.kill(pid, signal.SIGTERM)
        await self.gone()
        remote = await self.gateway()
        for record, status in (
            (polite, Status(code=5)),
            (sleeping, Status(signal=signal.SIGTERM)),
        ):
            found = await remote.find(record.identifier)
            assert found.ending is not None
            self.assertIs(found.ending.cause, Cause.STOPPED)
            self.assertEqual(found.ending.status, status)
            self.assertIn("supervisor", found.ending.reason)

    async def test_killed(self) -> None:
        """
        The successor of one that was killed ends what is left, and says that
        it was lost before anybody can ask; a gateway that stayed is told once.
        """
        remote = await self.gateway()
        witness = Witness()
        await remote.subscribe(witness)
        record = await self.start(remote, Doing.IGNORES)
        await until(lambda: self.outputOf(record.identifier))
        (pid,) = supervisors(self.state)
        os.kill(pid, signal.SIGKILL)
        await witness.until(
            lambda: witness.last(record.identifier).phase is Phase.ENDED
        )
        ended = witness.last(record.identifier)
        assert ended.ending is not None
        self.assertIs(ended.ending.cause, Cause.LOST)
        self.assertEqual(len(witness.records[record.identifier]), 2)
        entry = look(record.process.pid)
        self.assertTrue(entry is None or entry.dead)
        self.assertEqual(await remote.find(record.identifier), ended)
        self.assertNotIn(pid, supervisors(self.state))

    async def test_notifies(self) -> None:
        """
        The service manager is told when it is ready, and when it stops.
        """
        path = os.path.join(os.path.dirname(self.state.path), "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.setblocking(False)
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "jobworker.supervisortap"),
                    *("--state-dir", self.state.path, "--linger", "never"),
                ],
                env={**ENVIRONMENT, "NOTIFY_SOCKET": path},
                stderr=subprocess.DEVNULL,
            )
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)

            def told() -> bytes:
                try:
                    return manager.recv(100)
                except BlockingIOError:
                    return b""

            self.assertEqual(await until(told), b"READY=1")
            process.terminate()
            self.assertEqual(await until(told), b"STOPPING=1")
            await until(lambda: process.poll() is not None)
            self.assertEqual(process.returncode, 0)


class GatewayUserTests(_Tests):
    """
    Another user's gateway may connect and read, and that is all.
    """

    async def test_otherUser(self) -> None:
        """
        He connects, starts a job and reads its log; he cannot read the table.
        """
        if os.getuid() != 0:
            self.skipTest("only root can be somebody else")
        os.chmod(os.path.dirname(self.state.path), 0o755)
        options = ("--gateway-user", "nobody")
        remote = await self.gateway(*options)
        record = await remote.start(COMMANDS[Doing.FAILS], "alice")
        written = logPath(self.state.logs, record.identifier)
        program = (
            "import os, socket, sys\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
            "assert s.recv(1000)[4] == 10\n"
            "open(sys.argv[2] + '/index').close()\n"
            "for path in sys.argv[3:]:\n"
            "    try:\n"
            "        os.open(path, os.O_WRONLY)\n"
            "    except PermissionError: continue\n"
            "    raise SystemExit(path)\n"
        )
        _, errors, code = await getProcessOutputAndValue(
            sys.executable,
            [
                *("-c", program, self.state.socket, written),
                *(f"{written}/index", self.state.table, self.state.lock),
            ],
            os.environ,
        )
        self.assertEqual((errors, code), (b"", 0))
