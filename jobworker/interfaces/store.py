"""
What is remembered about jobs.
"""

from __future__ import annotations

from zope.interface import Interface

from twisted.internet.defer import Deferred

from ..changes import Changes, JournalPlace
from ..jobs import Record
from ..queries import Page, Query


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
