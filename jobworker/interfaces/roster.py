"""
The jobs of this service, and who is told what happens to them.
"""

from __future__ import annotations

from zope.interface import Interface

from twisted.internet.defer import Deferred

from ..changes import Changes, JournalPlace
from ..description import Description, Tally
from ..jobs import Command, Manner, Record
from ..queries import Page, Query
from .logs import ILogListener


class IRosterListener(ILogListener):
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
