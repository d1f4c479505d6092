"""
Somebody who watches all jobs, and what there was to be seen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread

import grpc
from attrs import define, field

from jobworker.client import (
    Address,
    Changed,
    ChangeKind,
    Client,
    Credentials,
    Failure,
    Happening,
    Waiting,
    loadToken,
)
from jobworker.client.connection import Connection

from .callers import Caller
from .daemons import PATIENCE, Daemon, credentials, until

#: A change, as both a spectator and the table of jobs have it: its number, the id of
#: the job and what happened to it.
Told = tuple[int, str, str]


@define(eq=False)
class ImpatientClient(Client):
    """
    A client that believes soon that nothing arrives any more.

    @ivar silence: Seconds until then.
    """

    silence: float = field(kw_only=True)

    def connect(self) -> Connection:
        """
        Make a connection.
        """
        given = (self.address, self._credentials, self._token)
        return Connection.open(*given, silence=self.silence)


def observer(
    address: str, silence: float, sleep: Callable[[float], object]
) -> ImpatientClient:
    """
    Make a client that may see everything.
    """
    folder = credentials()
    certs = folder / "certs"
    shown = Credentials.load(
        str(certs / "carol_cert.pem"),
        str(certs / "carol_key.pem"),
        [str(certs / "server_ca.pem")],
    )
    token = loadToken(str(folder / "carol.jwt"))
    return ImpatientClient(
        Address.parse(address), shown, token, silence=silence, sleep=sleep
    )


def happened(daemon: Daemon) -> list[Told]:
    """
    Find in the table of jobs what has happened to them.
    """
    with closing(sqlite3.connect(daemon.state / "jobs.sqlite")) as table:
        return table.execute(
            "SELECT revision, id, kind FROM change ORDER BY revision"
        ).fetchall()


def live(caller: Caller, number: int) -> None:
    """
    Start a job that ends soon, and stop and delete some.
    """
    try:
        job = caller.start("sleep", str(number % 3 / 10))
        if number % 4 == 0:
            caller.kill(job)
            caller.delete(job)
    except grpc.RpcError:
        # The server was killed meanwhile, or the job has ended by itself.
        return


class Spectator:
    """
    Watches all jobs, in a thread of its own.

    @ivar seen: What it was told.
    @ivar there: Set while there is a server to be asked.
    """

    def __init__(self, address: str, silence: float = PATIENCE) -> None:
        self.seen: list[Happening] = []
        self.there = Event()
        self.there.set()
        self.failure: Failure | None = None
        self.client = observer(address, silence, self._sleep)
        self._thread = Thread(target=self._watch, daemon=True)
        self._thread.start()

    def changes(self) -> list[Changed]:
        """
        Get the changes that it was told of.
        """
        return [each for each in self.seen if isinstance(each, Changed)]

    def told(self) -> list[Told]:
        """
        Get them as the table has them.
        """
        return [
            (each.revision, each.status.identifier, each.kind.value)
            for each in self.changes()
        ]

    def losses(self) -> int:
        """
        Say how often it has lost its connection.
        """
        return sum(isinstance(each, Waiting) for each in self.seen)

    def untilAllEnded(self, daemon: Daemon) -> None:
        """
        Wait until every job has ended and it knows all that has happened.
        """
        until(
            lambda: self.failure is not None or self._knowsAll(happened(daemon)),
            "the end of every job is seen",
        )

    def _knowsAll(self, table: list[Told]) -> bool:
        """
        Say whether there is no more to come.
        """
        created, ended = (
            {job for _, job, kind in table if kind == each.value}
            for each in (ChangeKind.STARTED, ChangeKind.ENDED)
        )
        return created == ended and self.told()[-1:] == table[-1:]

    def _watch(self) -> None:
        """
        Watch until that is of no use.
        """
        try:
            for each in self.client.watch():
                self.seen.append(each)
        except Failure as failure:
            self.failure = failure

    def _sleep(self, _: float) -> None:
        """
        Try again when there is a server.
        """
        self.there.wait(PATIENCE)
