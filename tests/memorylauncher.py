"""
A launcher without processes, for tests: they let things happen to jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from signal import SIGKILL

from zope.interface import implementer

from attrs import define, field

from twisted.internet.defer import Deferred, fail, succeed

from jobworker.conditions import Conditions
from jobworker.errors import LaunchFailed
from jobworker.interfaces.launchers import IJobHandle, ILauncher
from jobworker.jobs import Command, ProcessIdentity, Source, Status, Usage
from jobworker.milestones import Milestone


@implementer(IJobHandle)
@define(eq=False)
class MemoryHandle:
    """
    A job that is told what happens to it.

    @ivar command: What it was asked to run.
    @ivar obeys: Whether signals end it.
    @ivar stubborn: Whether a sweep waits for L{vanish}.
    @ivar signals: What it was sent.
    @ivar usage: What it has used.
    @ivar conditions: What it finds.
    @ivar sweeps: How often it was swept.
    """

    process: ProcessIdentity
    command: Command
    obeys: bool = True
    stubborn: bool = False
    signals: list[int] = field(factory=list, init=False)
    sweeps: int = field(default=0, init=False)
    usage: Usage | None = field(default=None, init=False)
    conditions: Conditions | None = field(default=None, init=False)
    _exited: Milestone[Status] = field(factory=Milestone, init=False)
    _vanished: Milestone[None] = field(factory=Milestone, init=False)

    def signal(self, number: int) -> None:
        """
        Remember a signal, and obey it.
        """
        self.signals.append(number)
        if self.obeys or number == SIGKILL:
            self.exit(Status(signal=number))

    def whenExited(self) -> Deferred[Status]:
        """
        Wait for L{exit}.
        """
        return self._exited.wait()

    def sweep(self) -> Deferred[None]:
        """
        Be gone, unless it is stubborn.
        """
        self.sweeps += 1
        self.exit(Status(signal=SIGKILL))
        return self._vanished.wait() if self.stubborn else succeed(None)

    def exit(self, status: Status) -> None:
        """
        Let the command exit, if it has not.
        """
        if not self._exited.reached:
            self._exited.reach(status)

    def vanish(self) -> None:
        """
        Let nothing be left.
        """
        self._vanished.reach(None)


@implementer(ILauncher)
@define(eq=False)
class MemoryLauncher:
    """
    Starts whatever it is asked to.

    @ivar refusals: Why programs cannot be started.
    @ivar delay: While this is set, launches wait for it.
    @ivar handles: What was started, by the identifier of the job.
    @ivar leftovers: What there was of jobs before, by their identifiers, and
        was not ended.
    """

    refusals: dict[str, str] = field(factory=dict)
    delay: Milestone[None] | None = None
    handles: dict[str, MemoryHandle] = field(factory=dict, init=False)
    leftovers: set[str] = field(factory=set, init=False)
    _pids: Callable[[], int] = field(factory=lambda: count(1000).__next__, init=False)

    def launch(
        self,
        identifier: str,
        command: Command,
        outputs: Mapping[Source, int],
    ) -> Deferred[IJobHandle]:
        """
        Start a command.
        """
        if not command.program:
            return fail(LaunchFailed("the command is empty"))
        if command.program in self.refusals:
            return fail(LaunchFailed(self.refusals[command.program]))
        handle = MemoryHandle(ProcessIdentity(self._pids(), 1, "memory"), command)
        self.handles[identifier] = handle
        if self.delay is None:
            return succeed(handle)
        return self.delay.wait().addCallback(lambda _: handle)

    def endLeftovers(
        self, jobs: Mapping[str, ProcessIdentity | None]
    ) -> Deferred[None]:
        """
        End what was there before.
        """
        self.leftovers -= set(jobs)
        return succeed(None)
