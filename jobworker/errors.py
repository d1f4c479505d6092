"""
What can go wrong with a job, as facts with data.

Which status a caller gets for each of them is decided in one table of
L{jobworker.rpc}.
"""

from __future__ import annotations

from attrs import frozen


class JobWorkerError(Exception):
    """
    The root of everything that this project raises on purpose.
    """


@frozen(eq=False)
class NoSuchJob(JobWorkerError):
    """
    No job has this identifier.
    """

    identifier: str

    def __str__(self) -> str:
        return f"no job has the id {self.identifier!r}"


@frozen(eq=False)
class NotRunning(JobWorkerError):
    """
    What was asked needs a running job, and this one has ended.
    """

    identifier: str

    def __str__(self) -> str:
        return f"job {self.identifier} has already ended"


@frozen(eq=False)
class LaunchFailed(JobWorkerError):
    """
    The command could not be started; no job was created.

    @ivar reason: Why, in words that are fit for the caller.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen(eq=False)
class BadSpecification(JobWorkerError):
    """
    A start asks for what nobody can have.

    @ivar field: What in it is to blame.
    @ivar reason: Why, in words that are fit for the caller.
    """

    field: str
    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen(eq=False)
class KeyTaken(JobWorkerError):
    """
    Another job of the same owner was started with this key; no job was
    created.
    """

    key: str

    def __str__(self) -> str:
        return f"the key {self.key!r} belongs to a job that was started differently"


@frozen(eq=False)
class PlaceLost(JobWorkerError):
    """
    Somebody wants to know what happened to jobs since some time, and that is
    not known any more.

    @ivar reason: Why, in words that are fit for the caller.
    """

    reason: str

    def __str__(self) -> str:
        return f"the resume token is of no use: {self.reason}; watch without it"


@frozen(eq=False)
class StillRunning(JobWorkerError):
    """
    What was asked needs a job that has ended, and this one has not.
    """

    identifier: str

    def __str__(self) -> str:
        return f"job {self.identifier} is still running; stop it first"


@frozen(eq=False)
class StopIgnored(JobWorkerError):
    """
    The command was asked to end, and is still running after the time it was
    given.

    @ivar seconds: How long it was given.
    """

    identifier: str
    seconds: float

    def __str__(self) -> str:
        return (
            f"job {self.identifier} is still running {self.seconds:g} s after it "
            "was asked to end; stop it with force to send SIGKILL"
        )


@frozen(eq=False)
class NoRoom(JobWorkerError):
    """
    The host has too little left of something for one more job.

    @ivar reason: Of what, and how much.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


@frozen(eq=False)
class RosterUnreachable(JobWorkerError):
    """
    The process that runs the jobs cannot be asked just now.  The jobs go on.

    @ivar reason: Why.
    """

    reason: str

    def __str__(self) -> str:
        return f"the supervisor of the jobs cannot be reached: {self.reason}"


@frozen(eq=False)
class TooOld(JobWorkerError):
    """
    The process that runs the jobs is of an older version, and does not know
    what it was asked for.

    @ivar what: What that is.
    @ivar package: The version.
    """

    what: str
    package: str

    def __str__(self) -> str:
        return (
            f"the supervisor of the jobs, jobworker {self.package}, is older than the "
            f"gateway and cannot {self.what}: restart it when its jobs have ended"
        )


class ShuttingDown(JobWorkerError):
    """
    The service is ending and takes no new work.
    """

    def __str__(self) -> str:
        return "the service is shutting down"


@frozen(eq=False)
class StorageFailed(JobWorkerError):
    """
    The job could not be put on disk, so that it was not started.

    @ivar reason: What the operating system or the database said.
    """

    reason: str

    def __str__(self) -> str:
        return f"cannot store the job: {self.reason}"


class Unrecorded(JobWorkerError):
    """
    Nothing is done that cannot be entered in the audit log.
    """

    def __str__(self) -> str:
        return "the service cannot write its audit log, and so does nothing"


class IllegalTransition(JobWorkerError):
    """
    An event that cannot happen to a job in this phase.
    """


@frozen(eq=False)
class SpoolDamaged(JobWorkerError):
    """
    A log on disk is not what was written.

    @ivar path: The file.
    @ivar reason: What is wrong with it.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"log file {self.path} is damaged: {self.reason}"


@frozen(eq=False)
class TableDamaged(JobWorkerError):
    """
    What is remembered about jobs cannot be read.

    @ivar reason: What the database said.
    """

    reason: str

    def __str__(self) -> str:
        return f"the job table cannot be read: {self.reason}"


@frozen(eq=False)
class BadConfiguration(JobWorkerError):
    """
    The service cannot start as it is configured.

    @ivar reason: What is wrong, where, and what to do about it.
    """

    reason: str

    def __str__(self) -> str:
        return self.reason


class CannotCreate(BadConfiguration):
    """
    A file cannot be created.
    """
