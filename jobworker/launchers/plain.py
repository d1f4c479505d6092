"""
The launcher that runs a command as it is, as our own user.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from zope.interface import implementer

from attrs import define, evolve, field

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import (
    IReactorProcess,
    IReactorThreads,
    IReactorTime,
)
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from ..conditions import Conditions, inForce
from ..errors import LaunchFailed
from ..hosting.becoming import Account, findAccount
from ..hosting.census import Entry
from ..hosting.host import Host
from ..hosting.household import Household
from ..hosting.leftovers import Leftovers
from ..hosting.programs import encode, examine
from ..hosting.spawning import Spawner
from ..hosting.surroundings import become, readConditions
from ..hosting.sweeping import Sweep
from ..interfaces.launchers import IJobHandle, ILauncher
from ..jobs import Command, ProcessIdentity, Source, Status, Usage
from ..milestones import Milestone
from ..specification import MARK, Specification

# Seconds that a program which could be run is taken to be so, and how many
# programs that is remembered of.
_MOMENT: Final = 1.0
_REMEMBERED: Final = 1000

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class IHostingReactor(IReactorProcess, IReactorThreads, IReactorTime):
    """
    What is needed of a reactor to run jobs.
    """


@implementer(IJobHandle)
@define(eq=False)
class PlainHandle:
    """
    One job and its processes.

    @ivar conditions: What was in force when the command began.
    @ivar _swept: Reached when the sweep that is in progress is done.
    """

    _clock: IReactorTime
    _host: Host
    _household: Household
    conditions: Conditions
    _swept: Milestone[None] | None = field(default=None, init=False)

    log = Logger()

    @property
    def process(self) -> ProcessIdentity:
        """
        The identity of the command itself.
        """
        return self._household.process

    @property
    def usage(self) -> Usage | None:
        """
        What the command has used.
        """
        return self._household.leader.usage

    def signal(self, number: int) -> None:
        """
        Deliver a signal to the process group.
        """
        try:
            self._host.signal(self._household, number)
        except OSError:
            self.log.failure("while signalling a job")

    def whenExited(self) -> Deferred[Status]:
        """
        Wait for the command itself to exit.
        """
        return self._household.leader.exited.wait()

    def sweep(self) -> Deferred[None]:
        """
        Kill whatever there is of the job; one sweep at a time does it for all
        who ask.
        """
        if self._swept is not None:
            return self._swept.wait()
        if self._alone():
            self._host.dismiss(self._household)
            return succeed(None)
        find = partial(self._host.members, self._household)
        sweep = Sweep(self._clock, find, self._host.bury)
        swept = self._swept = Milestone()
        Deferred.fromCoroutine(sweep.run()).addCallback(self._clean)
        return swept.wait()

    def _clean(self, _: None) -> None:
        """
        Nothing of the job is left.
        """
        swept, self._swept = self._swept, None
        self._host.dismiss(self._household)
        if swept is not None:
            swept.reach(None)

    def _alone(self) -> bool:
        """
        Say whether surely nothing is left, so that nobody need look closely.
        """
        try:
            return self._host.alone(self._household)
        except OSError:
            return False


@implementer(ILauncher)
@define(eq=False)
class PlainLauncher:
    """
    Runs commands.

    @ivar _inThread: Does something that may wait for a disk.
    @ivar _environment: What every command gets, besides the identifier of its
        job: nothing else.
    @ivar _usual: What a command finds that asks for nothing.
    @ivar _examined: Programs that could be run, and until when that is
        believed.
    """

    _clock: IReactorTime
    _inThread: Callable[[Callable[[], None]], Deferred[None]]
    _spawner: Spawner
    _host: Host
    _environment: Mapping[str, str]
    _usual: Conditions
    _examined: dict[tuple[bytes, str, str], float] = field(factory=dict, init=False)

    def launch(
        self, identifier: str, command: Command, outputs: Mapping[Source, int]
    ) -> Deferred[IJobHandle]:
        """
        Start a command.
        """
        return Deferred.fromCoroutine(self._launch(identifier, command, outputs))

    def endLeftovers(
        self, jobs: Mapping[str, ProcessIdentity | None]
    ) -> Deferred[None]:
        """
        Kill what another launcher left.
        """
        leftovers = Leftovers(self._clock, jobs)
        sweep = Sweep(self._clock, leftovers.find, _leave)
        return Deferred.fromCoroutine(sweep.run())

    async def _launch(
        self, identifier: str, command: Command, outputs: Mapping[Source, int]
    ) -> IJobHandle:
        """
        See whether the command can be run, spawn it, and wait until it runs.
        """
        arguments = encode(command)
        wanted = command.specification
        environment = dict(self._environment)
        account = await self._account(wanted)
        if account is not None:
            environment.update(account.variables)
        for name, value in wanted.environment:
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        environment[MARK] = identifier
        path = environment.get("PATH", _PATH)
        await self._examine(arguments[0], path, wanted.directory)
        spawned = self._spawner.spawn(arguments, environment, outputs, wanted, account)
        household = Household(identifier, spawned, _pipes(outputs.values()))
        self._host.admit(household)
        try:
            await spawned.running
        except LaunchFailed:
            self._host.dismiss(household)
            raise
        usual = self._usual if account is None else become(self._usual, account)
        conditions = inForce(usual, wanted)
        return PlainHandle(self._clock, self._host, household, conditions)

    async def _account(self, wanted: Specification) -> Account | None:
        """
        Look up who is to run a command; C{None} if it is we.
        """
        if not wanted.user:
            return None
        found: list[Account] = []

        def find() -> None:
            found.append(findAccount(wanted.user, wanted.group))

        await self._inThread(find)
        return found[0]

    async def _examine(self, program: bytes, path: str, directory: str) -> None:
        """
        See whether a program can be run, unless that was seen a moment ago.
        """
        now = self._clock.seconds()
        case = (program, path, directory)
        if self._examined.get(case, now) > now:
            return
        await self._inThread(partial(examine, program, path, directory))
        if len(self._examined) >= _REMEMBERED:
            self._examined.clear()
        self._examined[case] = now + _MOMENT


def makePlainLauncher(
    reactor: IHostingReactor,
    environment: Mapping[str, str] | None = None,
    openFiles: int | None = None,
    logLimit: int = 0,
    logPolicy: str = "",
) -> PlainLauncher:
    """
    Make the launcher of this process, which adopts orphans from now on.

    There may be only one.

    @param environment: What commands get; L{standardEnvironment} if C{None}.

    @param openFiles: How many files a job may have open, unless it changes
        that; C{None}: as many as this process.

    @param logLimit: Bytes that the log of a job may take, 0 for any number; this
        and C{logPolicy}, what happens then, are told only.

    @raise BadConfiguration: If the system lacks what is needed.
    """
    if environment is None:
        environment = standardEnvironment()
    usual = readConditions({*environment, MARK}, openFiles)
    return PlainLauncher(
        reactor,
        lambda work: deferToThreadPool(reactor, reactor.getThreadPool(), work),
        Spawner(reactor, openFiles),
        Host(reactor),
        environment,
        evolve(usual, logLimit=logLimit, logPolicy=logPolicy),
    )


def standardEnvironment() -> dict[str, str]:
    """
    Make the environment of jobs: nothing in it is of our own environment.
    """
    number = os.geteuid()
    try:
        user = pwd.getpwuid(number)
        name, home = user.pw_name, user.pw_dir
    except KeyError:
        name, home = str(number), "/"
    return {"PATH": _PATH, "HOME": home, "LANG": "C.UTF-8", "USER": name}


def _pipes(descriptors: Iterable[int]) -> frozenset[str]:
    """
    Name the pipes among descriptors of ours.
    """
    names = {os.readlink(f"/proc/self/fd/{each}") for each in descriptors}
    return frozenset(name for name in names if name.startswith("pipe:"))


def _leave(entries: Iterable[Entry]) -> None:
    """
    Leave the dead to their parents.
    """
