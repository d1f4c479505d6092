"""
What there is to be known of a job, as data.

How it comes to be known is of no concern here: see L{jobworker.life}.

Times are integers, nanoseconds since the epoch, UTC.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from signal import SIGKILL, SIGTERM
from typing import Final

from attrs import frozen

from .conditions import Conditions
from .specification import NOTHING, Specification


class Source(IntEnum):
    """
    Where a byte of a log comes from.

    The numbers are those of the wire and of the files on disk.
    """

    STDOUT = 1
    STDERR = 2


class Phase(Enum):
    """
    How far a job has come.

    @cvar RUNNING: Its command runs.
    @cvar DRAINING: Its command has exited; something it left behind may still
        run, and output may still arrive.
    @cvar ENDED: Nothing of it runs, and its log is complete.
    """

    RUNNING = "running"
    DRAINING = "draining"
    ENDED = "ended"


class Cause(Enum):
    """
    Why a job ended.  There is one, and it never changes.

    @cvar EXITED: Its command exited by itself.
    @cvar SIGNALED: A signal ended its command, and nobody had asked for its end.
    @cvar STOPPED: Somebody asked for its end.
    @cvar LOG_LIMIT: It wrote more than its log may hold.
    @cvar TIMED_OUT: It ran for longer than was asked for.
    @cvar IDLE: It wrote nothing for longer than was asked for.
    @cvar LOST: The process that ran it died.
    """

    EXITED = "exited"
    SIGNALED = "signaled"
    STOPPED = "stopped"
    LOG_LIMIT = "log limit"
    TIMED_OUT = "timed out"
    IDLE = "idle"
    LOST = "lost"


@frozen
class Command:
    """
    What to run, as it was asked.

    @ivar specification: What it shall find, and what becomes of it.
    """

    program: str
    arguments: tuple[str, ...] = ()
    specification: Specification = NOTHING


@frozen
class ProcessIdentity:
    """
    A process, told apart from every other that has or will have its number.

    @ivar pid: The process id.
    @ivar start: When it was started, in clock ticks after boot: field 22 of
        C{/proc/PID/stat}, see proc(5).
    @ivar boot: The boot that C{start} counts from:
        C{/proc/sys/kernel/random/boot_id}, see random(4).
    """

    pid: int
    start: int
    boot: str


@frozen
class Status:
    """
    What wait(2) said of a process: an exit code or a signal, never both.
    """

    code: int | None = None
    signal: int | None = None

    def __attrs_post_init__(self) -> None:
        if (self.code is None) == (self.signal is None):
            raise ValueError("a status is either a code or a signal")


@frozen
class Usage:
    """
    What a command and those of its children that it waited for have used.

    @ivar user: Nanoseconds of processors, as themselves.
    @ivar system: The same, in the kernel for them.
    @ivar peak: The most memory that one of them has had at a time, in bytes;
        C{None} if nobody saw.
    @ivar bound: Whether that may have been less.
    """

    user: int
    system: int
    peak: int | None = None
    bound: bool = False


@frozen
class Written:
    """
    How many bytes a job has written.
    """

    stdout: int = 0
    stderr: int = 0


@frozen
class Manner:
    """
    How to end a job.

    @ivar signal: The number of the signal that its process group gets first.
    @ivar grace: Seconds after which everything that is left of it is killed.
        C{None}: nothing is; the job goes on if its command ignores the signal.
    """

    signal: int = SIGTERM
    grace: float | None = None


#: Ask with SIGTERM; a job that does not care goes on.
POLITE: Final = Manner()

#: Kill at once.
FORCED: Final = Manner(SIGKILL, 0.0)


def usual(command: Command, grace: float | None = None) -> Manner:
    """
    Find how a command is ended where nobody says how.

    @param grace: The grace of one that does not say so itself.
    """
    wanted = command.specification
    return Manner(
        wanted.stopSignal or SIGTERM,
        grace if wanted.stopGrace is None else wanted.stopGrace,
    )


@frozen
class Stop:
    """
    A request to end a job.

    @ivar by: The subject who asked.
    @ivar cause: Why the job will have ended, if it ends by this.
    @ivar reason: The same in words, where the cause does not say it.
    """

    by: str
    manner: Manner
    at: int
    cause: Cause = Cause.STOPPED
    reason: str = ""


@frozen
class Ending:
    """
    How a job ended.

    @ivar status: The exact status of its command; C{None} if nobody was there
        to collect it.
    @ivar reason: What cause and status do not say, in words; may be empty.
    """

    cause: Cause
    status: Status | None
    at: int
    reason: str = ""


@frozen
class Record:
    """
    All that is remembered about a job.

    @ivar identifier: A UUID in its canonical text form.
    @ivar owner: The subject of the token it was started with.
    @ivar stop: The first request to end it, if there was one while its command
        was running.
    @ivar status: The status of its command, once that has exited.
    @ivar usage: What its command has used, if that was seen.
    @ivar created: When it was asked for; C{None} if nobody knows.
    @ivar written: How much it has written, once it has ended, if that is known.
    @ivar conditions: What was in force when its command began; C{None} if
        nobody knows.
    """

    identifier: str
    command: Command
    owner: str
    process: ProcessIdentity
    started: int
    phase: Phase = Phase.RUNNING
    stop: Stop | None = None
    status: Status | None = None
    ending: Ending | None = None
    usage: Usage | None = None
    created: int | None = None
    written: Written | None = None
    conditions: Conditions | None = None
