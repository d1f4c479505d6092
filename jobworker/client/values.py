"""
What a server says about a job, as data.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import frozen

from ..conditions import Conditions
from ..jobs import Source
from ..specification import NOTHING, Specification


class State(Enum):
    """
    How far a job has come, in the words of the wire.

    @cvar LOST: The service died while the job was running; how it ended is
        not known.
    @cvar UNKNOWN: The server is newer than this client.
    """

    RUNNING = "running"
    STOPPED = "stopped"
    EXITED = "exited"
    LOST = "lost"
    UNKNOWN = "unknown"


@frozen
class JobStatus:
    """
    A job, as its server described it.

    @ivar owner: The subject who started it.
    @ivar exitCode: C{None} while it is running, and where a signal ended it or
        nobody knows what did.
    @ivar signal: The number of the signal that ended it.  Servers that do not
        tell are believed to mean none.
    @ivar cause: Why it ended, as C{"exited"}; empty while it is running, and
        where the server does not tell.
    @ivar reason: The same in words, where code and signal do not say it.
    @ivar started: When it was started: nanoseconds since the epoch.  Servers
        that do not tell give C{None}, as for C{ended}.
    @ivar ended: When it ended.
    @ivar created: When it was asked for.
    @ivar userTime: Nanoseconds of processors that its command, and those of the
        command's children that it waited for, have used as themselves;
        C{None} while it runs, and where the server does not tell.
    @ivar systemTime: The same, in the kernel for them.
    @ivar peakMemory: The most memory that one of those has had at a time, in
        bytes.
    @ivar peakIsBound: Whether that may have been less.
    @ivar written: How many bytes it has written to each source; C{None} until
        it has ended, and where the server does not tell.
    @ivar specification: What it was given beside its command; values of
        variables and the bytes of its input are not told.
    @ivar inForce: What its command found when it began, asked for or not; only
        a query tells it, and only of jobs whose record has it.
    """

    identifier: str
    program: str
    arguments: tuple[str, ...]
    owner: str
    pid: int
    state: State
    exitCode: int | None = None
    signal: int | None = None
    cause: str = ""
    reason: str = ""
    started: int | None = None
    ended: int | None = None
    created: int | None = None
    userTime: int | None = None
    systemTime: int | None = None
    peakMemory: int | None = None
    peakIsBound: bool = False
    written: Mapping[Source, int] | None = None
    specification: Specification = NOTHING
    inForce: Conditions | None = None


@frozen
class Guarantee:
    """
    Something that one may want to rely on.

    @ivar name: What, as C{"jobs_outlive_gateway"}.
    @ivar reason: Why it does not hold.
    """

    name: str
    holds: bool
    reason: str = ""


@frozen
class ServerInfo:
    """
    What a server says about itself.

    @ivar version: The version of its gateway.
    @ivar supervisorVersion: That of its supervisor; empty if it is not known.
    @ivar supervisorProblem: Why that could not be asked.
    @ivar time: Its clock: nanoseconds since the epoch.
    @ivar limits: By their names, as C{"request_bytes"}; 0 for none.
    """

    version: str
    supervisorVersion: str
    supervisorProblem: str
    time: int
    limits: Mapping[str, int]
    guarantees: tuple[Guarantee, ...]
