"""
How a command becomes processes, and what there is to be done to those.
"""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import Attribute, Interface

from twisted.internet.defer import Deferred

from ..conditions import Conditions
from ..jobs import Command, ProcessIdentity, Source, Status, Usage


class IJobHandle(Interface):
    """
    One running job, as its launcher sees it.
    """

    process: ProcessIdentity = Attribute("The identity of the command itself.")
    conditions: Conditions | None = Attribute(
        "What was in force when the command began; C{None} if nobody knows."
    )
    usage: Usage | None = Attribute(
        "What the command has used, once it has exited; C{None} if nobody saw."
    )

    def signal(number: int) -> None:
        """
        Deliver a signal to every process of the job's process group.

        Nothing happens when none is left.
        """

    def whenExited() -> Deferred[Status]:
        """
        Wait for the command itself to exit.

        @return: A L{Deferred} firing with its exact status.  It never fails.
            Any number may wait.
        """

    def sweep() -> Deferred[None]:
        """
        Kill whatever there is of the job: its group, its session, and what
        left both but descends from it or carries its identifier in its
        environment; again and again until nothing is found.

        @return: A L{Deferred} firing when no process of the job is left.  It
            never fails.
        """


class ILauncher(Interface):
    """
    A way to turn a command into processes.
    """

    def launch(
        identifier: str, command: Command, outputs: Mapping[Source, int]
    ) -> Deferred[IJobHandle]:
        """
        Start a command.

        @param outputs: For each source the descriptor that the command
            writes it to.  They stay the caller's, who closes them after the
            Deferred has fired.

        @return: A L{Deferred} firing when the command's own program is
            running (or has already exited).

        @raise LaunchFailed: (asynchronously) If it could not be started;
            nothing of it runs.

        @raise NoRoom: (asynchronously) If the host has no process or
            descriptor left to give.
        """

    def endLeftovers(jobs: Mapping[str, ProcessIdentity | None]) -> Deferred[None]:
        """
        Kill whatever is left of jobs that a process which has died launched.

        Only what is surely of these jobs is killed.

        @param jobs: The identity of each job's command, by the identifier of
            the job; C{None} if it is not known.

        @return: A L{Deferred} firing when nothing of them runs.  It never
            fails.
        """
