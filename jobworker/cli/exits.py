"""
With which code a command ends: the one place where that is decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from ..client import failures
from ..errors import CannotCreate, JobWorkerError


class Exit(IntEnum):
    """
    How a command ended, where it did not end with the code of a job.

    From C{USAGE} to C{CONFIG} the numbers are those of sysexits.h, C{NOJOB}
    being what is called C{EX_NOUSER} there.
    """

    OK = 0
    USAGE = 64
    DATAERR = 65
    NOINPUT = 66
    NOJOB = 67
    UNAVAILABLE = 69
    SOFTWARE = 70
    CANTCREAT = 73
    IOERR = 74
    TEMPFAIL = 75
    PROTOCOL = 76
    NOPERM = 77
    CONFIG = 78
    STATE = 79
    LOST = 80
    INTERRUPTED = 130
    PIPE = 141


MEANINGS: Final[Mapping[Exit, str]] = {
    Exit.OK: "done",
    Exit.USAGE: "wrong flags or arguments",
    Exit.DATAERR: "no such command; a token request with errors; the like",
    Exit.NOINPUT: "a file cannot be read",
    Exit.NOJOB: "there is no such job",
    Exit.UNAVAILABLE: "the server cannot be reached, or was lost",
    Exit.SOFTWARE: "the server failed, or this program did",
    Exit.CANTCREAT: "a file cannot be created",
    Exit.IOERR: "output cannot be written",
    Exit.TEMPFAIL: "not now: no answer in time, no room, a stop ignored",
    Exit.PROTOCOL: "output arrived damaged; the server does not know the call",
    Exit.NOPERM: "the caller may not do that",
    Exit.CONFIG: "a certificate, key, CA, token or context cannot be used",
    Exit.STATE: "the job has ended already, or is still running",
    Exit.LOST: "nobody knows how the job ended",
    Exit.INTERRUPTED: "interrupted by Ctrl-C",
    Exit.PIPE: "nobody reads the output any more",
}

#: Below this are the codes of jobs: 0 to 127 for those that exited (more is
#: possible, but rare), 128 + n for those that signal n (1 to 64) ended.
_BEHIND_JOBS: Final = 200

_EXITS: Final[Mapping[type[JobWorkerError], Exit]] = {
    failures.BadCredentials: Exit.CONFIG,
    failures.BadContext: Exit.CONFIG,
    failures.Incomplete: Exit.USAGE,
    failures.Unreadable: Exit.NOINPUT,
    failures.Unreachable: Exit.UNAVAILABLE,
    failures.TimedOut: Exit.TEMPFAIL,
    failures.Forbidden: Exit.NOPERM,
    failures.Unacceptable: Exit.DATAERR,
    failures.UnknownJob: Exit.NOJOB,
    failures.WrongState: Exit.STATE,
    failures.StopIgnored: Exit.TEMPFAIL,
    failures.Exhausted: Exit.TEMPFAIL,
    failures.Unsupported: Exit.PROTOCOL,
    failures.ServerFailed: Exit.SOFTWARE,
    failures.OutputDamaged: Exit.PROTOCOL,
}

EPILOG: Final = (
    "\b\nExit codes:\n"
    + "".join(f"  {code.value:>3}  {meaning}\n" for code, meaning in MEANINGS.items())
    + "\n'run', 'stream' and 'wait' end with the code of the job, or 128 + n if signal "
    "n ended it.  So that these can be told apart, their own codes from 64 to "
    f"80 are {_BEHIND_JOBS - Exit.USAGE} higher: {_BEHIND_JOBS} for wrong flags, and "
    "so on."
)


class CannotWrite(JobWorkerError):
    """
    Output cannot be written.
    """


def exitFor(error: JobWorkerError) -> Exit:
    """
    Say with which code an error ends a command.
    """
    if isinstance(error, CannotWrite):
        return Exit.IOERR
    if isinstance(error, CannotCreate):
        return Exit.CANTCREAT
    # What is left comes from files that certificates and tokens are made of.
    return _EXITS.get(type(error), Exit.DATAERR)


def besideJobs(code: Exit) -> int:
    """
    Move a code of ours out of the way of the codes of jobs.
    """
    if Exit.USAGE <= code <= Exit.LOST:
        return code - Exit.USAGE + _BEHIND_JOBS
    return code


def ofJob(exitCode: int | None, signal: int | None) -> int | None:
    """
    Say with which code a job ended, as a shell does.

    @return: C{None} if that is not known.
    """
    if signal is not None:
        return 128 + signal
    return exitCode
