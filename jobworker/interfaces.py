"""
The seams between the layers, with their contracts in words.

Unless a method says otherwise, call it in the reactor thread; Deferreds fire
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zope.interface import Attribute, Interface

from twisted.internet.defer import Deferred

from .changes import Changes, JournalPlace
from .conditions import Conditions
from .description import Description, Tally
from .jobs import (
    Command,
    Manner,
    ProcessIdentity,
    Record,
    Source,
    Status,
    Usage,
    Written,
)
from .queries import Page, Query


class IRosterListener(Interface):
    """
    Somebody who is told what happens to jobs.

    Calls come in the reactor thread, in the order of the events, and must
    return at once.
    """

    def jobChanged(record: Record) -> None:
        """
        A job was started or has changed.

        The change is on disk already.
        """

    def logGrew(identifier: str) -> None:
        """
        The log of a job that is followed has become longer, or was sealed.

        Many growths may be reported by one call.
        """

    def jobForgotten(identifier: str | None) -> None:
        """
        A job that had ended was deleted.

        @param identifier: C{None} if nobody knows which, and whether: whatever
            is remembered of any that has ended is not to be relied upon.
        """

    def journalGrew() -> None:
        """
        There is more than L{IRoster.changes} has told when it was asked last.

        Many changes may be reported by one call, and perhaps none if it was
        never asked.
        """


class IRoster(Interface):
    """
    All jobs of this service.

    It may live in another process: nothing here returns anything but
    Deferreds, and arguments and results are values.
    """

    def start(command: Command, owner: str) -> Deferred[Record]:
        """
        Start a job.

        If it has a key, and this owner has a job with that key, there is
        nothing to start: that job is the answer, whether it runs or has ended.

        @return: A L{Deferred} firing with the record when the command's own
            program runs and the record is on disk.

        @raise LaunchFailed: (asynchronously) If the command cannot be
            started.  No job was created.

        @raise StorageFailed: (asynchronously) If the job could not be put on
            disk.  Nothing of it runs.

        @raise NoRoom: (asynchronously) If the host has too little left of
            something.  No job was created.

        @raise KeyTaken: (asynchronously) If the job with that key is another
            one.

        @raise TooOld: (asynchronously) If this roster cannot give a job all
            that this one asks for.

        @raise ShuttingDown: (asynchronously) If the service is ending.

        @raise RosterUnreachable: (asynchronously)
        """

    def stop(identifier: str, by: str, manner: Manner) -> Deferred[Record]:
        """
        End a job.

        Its process group gets the signal.  What happens to a command that
        ignores it, the manner says.  If the command has already exited but
        something that it left behind runs, that is killed at once, and the
        cause of the ending stays how the command ended.  When several stops
        meet, the first is the cause and each is carried out.

        @param by: The subject who asks.

        @return: A L{Deferred} firing with the final record when nothing of
            the job runs any more.  It may be cancelled; the request stands.

        @raise NoSuchJob: (asynchronously)

        @raise NotRunning: (asynchronously) If the job has ended.

        @raise StopIgnored: (asynchronously) If no grace was set and the
            command is still running one second after the signal.  The job
            goes on.

        @raise RosterUnreachable: (asynchronously)
        """

    def find(identifier: str) -> Deferred[Record]:
        """
        Look up a job, running or ended.

        @raise NoSuchJob: (asynchronously)
        """

    def signal(identifier: str, by: str, number: int) -> Deferred[Record]:
        """
        Deliver a signal to the process group of a job.

        This is no request to end it: if the signal does, the cause is the
        signal.

        @param by: The subject who asks.

        @return: A L{Deferred} firing with the job as it was then.

        @raise NoSuchJob: (asynchronously)

        @raise NotRunning: (asynchronously) If the job has ended.

        @raise TooOld: (asynchronously) If the process that runs the jobs does
            not know how.

        @raise RosterUnreachable: (asynchronously)
        """

    def describe() -> Deferred[Description]:
        """
        Find out what runs the jobs, and what it can be relied upon for.

        @raise RosterUnreachable: (asynchronously)
        """

    def measure() -> Deferred[Tally]:
        """
        Find out what has been counted where the jobs run.

        @raise TooOld: (asynchronously) If the process that runs the jobs does
            not count.

        @raise RosterUnreachable: (asynchronously)
        """

    def search(query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.

        @raise TooOld: (asynchronously) If the process that runs the jobs does
            not know how.

        @raise RosterUnreachable: (asynchronously)
        """

    def changes(since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.

        @param since: What is wanted comes behind this place.  C{None}: only
            the place where everything ends now.

        @param limit: How many changes are wanted at most.

        @raise PlaceLost: (asynchronously) If some of that is not known any
            more, or never was.

        @raise TooOld: (asynchronously) If the process that runs the jobs does
            not know how.

        @raise RosterUnreachable: (asynchronously)
        """

    def delete(identifier: str) -> Deferred[None]:
        """
        Forget a job that has ended, and remove its log.

        @raise NoSuchJob: (asynchronously)

        @raise StillRunning: (asynchronously) If it has not ended.

        @raise RosterUnreachable: (asynchronously)
        """

    def follow(identifier: str) -> None:
        """
        Have listeners told when the log of this job grows.

        To follow a job n times takes n calls of L{unfollow} to end.  It does
        no harm if there is no such job.
        """

    def unfollow(identifier: str) -> None:
        """
        Take back one L{follow}.
        """

    def subscribe(listener: IRosterListener) -> Deferred[None]:
        """
        Tell a listener of everything from now on, beginning with
        C{jobChanged} for each job that has not ended.

        @return: A L{Deferred} firing after those.
        """

    def unsubscribe(listener: IRosterListener) -> None:
        """
        Tell a listener nothing more.
        """


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


class IJobLog(Interface):
    """
    The log of one running job, while it is written.
    """

    outputs: Mapping[Source, int] = Attribute(
        "The descriptors for the job to write to, until L{launched} is called."
    )
    written: Written = Attribute("What the job has written, once it is sealed.")

    def launched() -> None:
        """
        The job has the descriptors: close ours and begin to collect.
        """

    def abandon() -> Deferred[None]:
        """
        The job was never started: close everything and remove the files.
        """

    def whenDry() -> Deferred[None]:
        """
        Wait until nobody holds the writing ends any more and everything that
        was written is in the log.

        @return: A L{Deferred} firing then.  It never fails.
        """

    def whenOverQuota() -> Deferred[str]:
        """
        Wait for the log to reach a limit that the job is to be ended for.

        @return: A L{Deferred} firing with the reason in words, or never.  It
            may be cancelled.
        """

    def seal() -> Deferred[None]:
        """
        Take what the pipes still hold, without waiting for more, and end the
        log.

        @return: A L{Deferred} firing when the log is complete.  It never
            fails, but waits while the disk is full.
        """


class ILogKeeper(Interface):
    """
    The logs of all jobs.
    """

    def create(identifier: str) -> Deferred[IJobLog]:
        """
        Begin the log of a new job.

        @raise OSError: (asynchronously) If it cannot be put on disk.
        """

    def subscribe(listener: IRosterListener) -> None:
        """
        Call C{logGrew} of a listener from now on.
        """

    def unsubscribe(listener: IRosterListener) -> None:
        """
        Tell a listener nothing more.
        """

    def recover(identifier: str) -> Deferred[None]:
        """
        Seal, at what was written, a log whose writer has died.

        Nothing happens to a log that is sealed, or was never begun.

        @raise SpoolDamaged: (asynchronously) If it is not what was written.

        @raise OSError: (asynchronously) If the disk refuses.
        """

    def identifiers() -> Deferred[set[str]]:
        """
        Find the jobs that there are logs of.
        """

    def sizes(identifiers: Iterable[str]) -> Deferred[dict[str, int]]:
        """
        Measure logs.

        @return: A L{Deferred} firing with the bytes that each takes on disk;
            those that are not there are left out.
        """

    def remove(identifier: str) -> Deferred[None]:
        """
        Delete a log that nobody writes.
        """


class IJobStore(Interface):
    """
    What is remembered about jobs, on disk.

    When a Deferred has fired, the change survives the death of the process
    and of the machine.  Changes are applied in the order of the calls, and the
    last of them are kept as a journal.  Whatever is looked up may fail with
    L{TableDamaged}.
    """

    def add(record: Record) -> Deferred[None]:
        """
        Remember a new job.

        @raise StorageFailed: (asynchronously)
        """

    def update(record: Record) -> Deferred[None]:
        """
        Remember the present state of a job that was added.  Nothing happens
        to one that has ended.

        @raise StorageFailed: (asynchronously)
        """

    def delete(identifier: str) -> Deferred[None]:
        """
        Forget a job.

        @raise NoSuchJob: (asynchronously)

        @raise StorageFailed: (asynchronously)
        """

    def find(identifier: str) -> Deferred[Record]:
        """
        Look up a job.

        @raise NoSuchJob: (asynchronously)
        """

    def search(query: Query) -> Deferred[Page]:
        """
        Find the jobs that somebody wants to see.
        """

    def changes(since: JournalPlace | None, limit: int) -> Deferred[Changes]:
        """
        Find out what has happened to jobs.

        @param since: What is wanted comes behind this place.  C{None}: only
            the place where the journal ends.

        @raise PlaceLost: (asynchronously) If some of that is not in the
            journal.
        """

    def findKey(owner: str, key: str) -> Deferred[Record | None]:
        """
        Look up the job, running or ended, that an owner has started with a
        key.

        @return: A L{Deferred} of C{None} if there is none.
        """

    def unended() -> Deferred[list[Record]]:
        """
        Find the jobs that have not ended, oldest first.
        """

    def ended() -> Deferred[list[tuple[str, int]]]:
        """
        Find the jobs that have ended, and when: those that did first come
        first.
        """

    def identifiers() -> Deferred[set[str]]:
        """
        Find the identifiers of all jobs.
        """

    def close() -> Deferred[None]:
        """
        Finish what was asked for and let go of the file.

        Whatever is asked for afterwards fails with L{ShuttingDown}.
        """
