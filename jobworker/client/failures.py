"""
What can go wrong with a call, as facts with a cause and a remedy.

Nothing here knows gRPC: which status becomes which failure is decided in
L{jobworker.client.translation}.
"""

from __future__ import annotations

from attrs import frozen

from ..errors import JobWorkerError


@frozen(eq=False)
class Failure(JobWorkerError):
    """
    Something that was asked of a server did not happen.

    @ivar cause: What happened, in one line.
    @ivar remedy: What to do about it, in one line, if anything can be said.
    """

    cause: str
    remedy: str = ""

    def __str__(self) -> str:
        said = f"{self.cause}; {self.remedy}" if self.remedy else self.cause
        return "".join(each if each.isprintable() else " " for each in said)


class BadCredentials(Failure):
    """
    A certificate, key or token cannot be used, or one side does not believe
    the certificate of the other.
    """


class BadContext(Failure):
    """
    The file with named servers is not as it should be, or has no such server.
    """


@frozen(eq=False)
class Incomplete(Failure):
    """
    Something must be known to call a server, and nothing says it.

    @ivar name: What, by the name of its flag; the first if there is more.
    """

    name: str = ""


class Unreadable(Failure):
    """
    A file cannot be read.
    """

    @classmethod
    def of(
        cls,
        what: str,
        error: OSError | ValueError,
        remedy: str = "check the name and who may read it",
    ) -> Unreadable:
        """
        Say which file, and why.

        @param what: Which one, as C{"key '/nowhere'"}.
        """
        reason = (isinstance(error, OSError) and error.strerror) or error
        return cls(f"cannot read {what}: {reason}", remedy)


@frozen(eq=False)
class Unreachable(Failure):
    """
    There is no connection to the server, or it was lost.

    @ivar sent: Whether the server may have got what was asked.
    """

    sent: bool = False


class ClientClosed(Failure):
    """
    The client was closed while somebody waited for an answer.
    """


class TimedOut(Failure):
    """
    The server did not answer in time.
    """


class Forbidden(Failure):
    """
    The server does not let this caller do that.
    """


class Unacceptable(Failure):
    """
    The server cannot do what was asked as it was asked.
    """


class UnknownJob(Failure):
    """
    The server has no such job.
    """


class WrongState(Failure):
    """
    The job has ended where it should be running, or the other way round.
    """


class StopIgnored(Failure):
    """
    The job was asked to end, and is still running.
    """


class Exhausted(Failure):
    """
    The server has too little left of something.
    """


class Unsupported(Failure):
    """
    The server does not know what was asked for.
    """


class ServerFailed(Failure):
    """
    The server could not do its part.
    """


class OutputDamaged(Failure):
    """
    What arrived is not what the server says that the job wrote.
    """
