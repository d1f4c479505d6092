"""
The three clients of Python and a real daemon: one contract for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from attrs import define, field

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from jobworker.client import (
    Address,
    Credentials,
    Filter,
    Finished,
    Output,
    State,
    Waiting,
)
from jobworker.client.failures import (
    BadCredentials,
    Failure,
    Forbidden,
    TimedOut,
    Unacceptable,
    UnknownJob,
    Unreachable,
    WrongState,
)
from jobworker.jobs import Source
from tests.daemons import Daemon, DaemonCase, credentials, freePort
from tests.surfaces import Asynchronous, Caller, Deferring, Surface, Synchronous

#: Writes, waits for a file, and writes again.
TALKS = """
seq 1 20000
seq 1 100 >&2
while ! test -e "$0"; do sleep 0.02; done
seq 20001 40000
printf end >&2
"""


def called(
    port: int, subject: str = "alice", certificate: str = "alice", authority: str = ""
) -> Caller:
    """
    Say who calls.

    @param subject: Whose token is shown.
    @param certificate: Whose certificate is shown.
    @param authority: Who is believed to vouch for the server.
    """
    certs = credentials() / "certs"
    return Caller(
        Address("127.0.0.1", port),
        Credentials.load(
            certs / f"{certificate}_cert.pem",
            certs / f"{certificate}_key.pem",
            [certs / (authority or "server_ca.pem")],
        ),
        (credentials() / f"{subject}.jwt").read_text(),
    )


@define
class Ear:
    """
    Hears a log.

    @ivar begun: Set as soon as there is anything.
    @ivar lost: How often the connection was lost.
    """

    begun: Event = field(factory=Event)
    heard: dict[Source, bytearray] = field(
        factory=lambda: {Source.STDOUT: bytearray(), Source.STDERR: bytearray()}
    )
    lost: int = 0
    last: object = None

    def received(self, event: object) -> None:
        """
        Take an event.
        """
        if isinstance(event, Output):
            assert event.offset == len(self.heard[event.source])
            self.heard[event.source] += event.data
            self.begun.set()
        elif isinstance(event, Waiting):
            self.lost += 1
        self.last = event


class ClientTests(DaemonCase, TestCase):
    """
    What holds for every client.
    """

    timeout = 240

    def surfaces(self, caller: Caller) -> list[Surface]:
        """
        Make one client of each kind.
        """
        return [
            Synchronous(caller),
            Asynchronous(caller),
            Deferring(caller, reactor),  # type: ignore[arg-type]
        ]

    def test_contract(self) -> Deferred[None]:
        """
        Jobs are started, read, waited for, stopped and refused the same way by
        all clients, and a log that is being read when the gateway is killed
        arrives whole.
        """
        daemon = self.startDaemon()
        return deferToThread(self.hold, daemon)

    def hold(self, daemon: Daemon) -> None:
        """
        Hold every client to the contract.
        """
        for surface in self.surfaces(called(daemon.port)):
            self.readsAndWaits(surface)
            self.ends(surface)
            self.isRefused(surface)
            surface.close()
        self.isForbidden(daemon.port)
        self.isDistrusted(daemon.port)
        self.resumes(daemon)

    def fails(
        self, surface: Surface, kind: type[Failure], what: Callable[[Any], Any]
    ) -> None:
        """
        Ask what fails, with a cause.
        """
        failure: Failure = self.assertRaises(kind, surface.ask, what)
        self.assertIs(type(failure), kind, surface)
        self.assertTrue(failure.cause, surface)

    def readsAndWaits(self, surface: Surface) -> None:
        """
        Start a job, read it to the byte, find it, and forget it.
        """
        script = "printf 'out\\377\\n'; echo err >&2; exit 3"
        job = surface.ask(lambda client: client.start(["sh", "-c", script]))
        ear = Ear()
        surface.listen(job, ear.received)
        self.assertEqual(
            ear.heard, {Source.STDOUT: b"out\xff\n", Source.STDERR: b"err\n"}
        )
        assert isinstance(ear.last, Finished), surface
        for status in (
            ear.last.status,
            surface.ask(lambda _: job.wait()),
            surface.ask(lambda _: job.query()),
            surface.ask(lambda client: client.query(job.identifier)),
        ):
            self.assertEqual((status.state, status.exitCode), (State.EXITED, 3))
        self.assertEqual(
            surface.ask(lambda client: client.job(job.identifier[:13])), job
        )
        found = surface.ask(lambda client: client.jobs(Filter([State.EXITED]), limit=1))
        self.assertEqual([each.identifier for each in found], [job.identifier])
        surface.ask(lambda _: job.delete())
        self.fails(surface, UnknownJob, lambda _: job.query())

    def ends(self, surface: Surface) -> None:
        """
        Wait too short for a job, and end it.
        """
        job = surface.ask(lambda client: client.start(["sleep", "1000"]))
        self.fails(surface, TimedOut, lambda _: job.wait(0.05))
        self.assertIs(
            surface.ask(lambda _: job.signal(18)).state, State.RUNNING, surface
        )
        status = surface.ask(lambda _: job.stop())
        self.assertEqual((status.state, status.signal), (State.STOPPED, 15))
        self.fails(surface, WrongState, lambda _: job.stop())

    def isRefused(self, surface: Surface) -> None:
        """
        Ask for what there is not.
        """
        self.fails(surface, Unacceptable, lambda client: client.start(["/nonexistent"]))
        self.fails(surface, Unacceptable, lambda client: client.start([]))
        self.fails(surface, UnknownJob, lambda client: client.job("ffffffff"))
        info = surface.ask(lambda client: client.info())
        self.assertTrue(info.guarantees, surface)

    def isForbidden(self, port: int) -> None:
        """
        Come with the token of somebody else, or without the right.
        """
        for caller in (called(port, "bob"), called(port, "carol", "carol")):
            for surface in self.surfaces(caller):
                self.fails(surface, Forbidden, lambda client: client.start(["true"]))
                surface.close()

    def isDistrusted(self, port: int) -> None:
        """
        Come with the wrong certificate, believe the wrong one, or go where
        nobody is.
        """
        rows: Iterable[tuple[Caller, type[Failure]]] = (
            (called(port, certificate="bad/other_client"), BadCredentials),
            (called(port, authority="client_ca.pem"), BadCredentials),
            (called(freePort()), Unreachable),
        )
        for caller, kind in rows:
            for surface in self.surfaces(caller):
                self.fails(surface, kind, lambda client: client.start(["true"]))
                if kind is BadCredentials:
                    self.fails(surface, kind, lambda client: client.wait("x"))
                surface.close()

    def resumes(self, daemon: Daemon) -> None:
        """
        Kill the gateway while all of them are reading.
        """
        go = daemon.folder / "go"
        surfaces = self.surfaces(called(daemon.port))
        job = surfaces[0].ask(lambda client: client.start(["sh", "-c", TALKS, str(go)]))
        ears = [Ear() for _ in surfaces]
        with ThreadPoolExecutor(2 * len(surfaces)) as threads:
            readings = [
                threads.submit(
                    surface.listen,
                    surface.ask(lambda client: client.job(job.identifier)),
                    ear.received,
                )
                for surface, ear in zip(surfaces, ears, strict=True)
            ]
            for ear in ears:
                self.assertTrue(ear.begun.wait(60))
            daemon.kill()
            go.touch()
            daemon.start()
            for reading in readings:
                reading.result(120)
        expected = {
            Source.STDOUT: b"".join(b"%d\n" % each for each in range(1, 40001)),
            Source.STDERR: b"".join(b"%d\n" % each for each in range(1, 101)) + b"end",
        }
        for surface, ear in zip(surfaces, ears, strict=True):
            self.assertTrue(ear.heard == expected, surface)
            self.assertGreater(ear.lost, 0, surface)
            assert isinstance(ear.last, Finished), surface
            self.assertEqual(ear.last.status.exitCode, 0)
            surface.close()
