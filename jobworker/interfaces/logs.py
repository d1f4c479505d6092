"""
What jobs write, while it is written and for as long as it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from zope.interface import Attribute, Interface

from twisted.internet.defer import Deferred

from ..jobs import Source, Written


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

        @raise OSError: (asynchronously) If they cannot be removed.
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


class ILogListener(Interface):
    """
    Somebody who is told that logs grow.

    Calls come in the reactor thread and must return at once.
    """

    def logGrew(identifier: str) -> None:
        """
        The log of a job has become longer, or was sealed.

        Many growths may be reported by one call.
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

    def subscribe(listener: ILogListener) -> None:
        """
        Tell a listener of every growth from now on.
        """

    def unsubscribe(listener: ILogListener) -> None:
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
