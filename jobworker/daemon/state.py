"""
The directory that a supervisor keeps everything in.

It is for us alone, or for us and one user who runs gateways, who may enter,
connect, and read logs.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import stat
from collections.abc import Mapping
from typing import Final

from attrs import define, field, frozen

from ..errors import BadConfiguration

# The longest path of a unix socket, in bytes, without the byte that ends it:
# unix(7).
_LONGEST: Final = 107

_FOR_ROOT: Final = "/var/lib/jobworker"


def _absolute(path: str) -> str:
    """
    Make a path that stays the same wherever the process goes.
    """
    return os.path.abspath(path)


@frozen
class GatewayUser:
    """
    Another user who may run gateways.
    """

    uid: int
    gid: int


@frozen
class StateDirectory:
    """
    Where things are.

    @ivar path: The directory itself, absolute.
    """

    path: str = field(converter=_absolute)

    @property
    def logs(self) -> str:
        """
        The directory of all logs.
        """
        return os.path.join(self.path, "jobs")

    @property
    def table(self) -> str:
        """
        The job table.
        """
        return os.path.join(self.path, "jobs.sqlite")

    @property
    def run(self) -> str:
        """
        The directory of what matters while a supervisor runs only.
        """
        return os.path.join(self.path, "run")

    @property
    def socket(self) -> str:
        """
        The socket that the supervisor listens on.  It may be too long to be
        used: see L{reach}.
        """
        return os.path.join(self.run, "supervisor.sock")

    @property
    def lock(self) -> str:
        """
        The file that the supervisor holds a lock on.
        """
        return os.path.join(self.path, "lock")

    @property
    def log(self) -> str:
        """
        What a supervisor that a gateway has started writes about itself.
        """
        return os.path.join(self.path, "supervisor.log")

    def prepare(self, gateway: GatewayUser | None = None) -> None:
        """
        See to it that the directory is there, and that only those have access
        to it who shall.

        @param gateway: Another user who may connect and read logs.

        @raise BadConfiguration: If it cannot be made or written, is not ours,
            or others have access to it.
        """
        try:
            os.makedirs(self.path, mode=0o700, exist_ok=True)
            _share(self.path, gateway, 0o010)
            for inner, more in ((self.logs, 0o2050), (self.run, 0o010)):
                os.makedirs(inner, mode=0o700, exist_ok=True)
                _share(inner, gateway, more)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            os.close(os.open(self.lock, flags, 0o600))
        except OSError as error:
            raise BadConfiguration(
                f"cannot use the state directory {error.filename or self.path}: "
                f"{error.strerror}"
            ) from error


class StateTaken(BadConfiguration):
    """
    Another supervisor uses the directory.
    """


def defaultStateDirectory(
    environment: Mapping[str, str] = os.environ, uid: int | None = None
) -> str:
    """
    Choose the directory for who has chosen none.
    """
    if (os.geteuid() if uid is None else uid) == 0:
        return _FOR_ROOT
    home = environment.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "jobworker")


def findGatewayUser(name: str) -> GatewayUser:
    """
    Look up a user by name or number.

    @raise BadConfiguration: If there is none.
    """
    try:
        entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
    except (KeyError, OverflowError):
        raise BadConfiguration(f"there is no user {name!r}") from None
    return GatewayUser(entry.pw_uid, entry.pw_gid)


@define(eq=False)
class StateLock:
    """
    The right to be the supervisor of a state directory.  It ends with the
    process.
    """

    _descriptor: int | None

    def release(self) -> None:
        """
        Let another have it.
        """
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def lockState(state: StateDirectory) -> StateLock:
    """
    Take the right to be the supervisor.

    @raise StateTaken: If there is another.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        descriptor = os.open(state.lock, flags, 0o600)
    except OSError as error:
        raise BadConfiguration(
            f"cannot open the lock {state.lock}: {error.strerror}"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.read(descriptor, 20).decode("ascii", "replace").strip()
        os.close(descriptor)
        raise StateTaken(
            f"the state directory {state.path} is locked by another daemon, "
            f"pid {pid or 'unknown'}"
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    return StateLock(descriptor)


def isHolderGone(state: StateDirectory) -> bool:
    """
    Say whether the supervisor that locked the directory last is gone; if it is
    locked all the same, it is by something else.
    """
    try:
        with open(state.lock, encoding="ascii", errors="replace") as file:
            pid = file.read(20).strip()
    except FileNotFoundError:
        return True
    return not (pid.isdecimal() and os.path.exists(f"/proc/{pid}"))


@define(eq=False)
class Reach:
    """
    A path to the socket that is short enough, for as long as this is open.
    """

    path: str
    _descriptor: int | None = field(default=None)

    def close(self) -> None:
        """
        Let go of what it takes.
        """
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def reach(state: StateDirectory) -> Reach:
    """
    Find a path to the socket that is short enough.

    @raise OSError: If the directory of the socket cannot be entered.
    """
    if len(os.fsencode(state.socket)) <= _LONGEST:
        return Reach(state.socket)
    descriptor = os.open(state.run, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    name = os.path.basename(state.socket)
    return Reach(f"/proc/self/fd/{descriptor}/{name}", descriptor)


def _share(path: str, gateway: GatewayUser | None, more: int) -> None:
    """
    Refuse a directory that is not ours, or that others have access to, and
    give the user of gateways what he needs.

    @param more: The permissions that he needs as a group.
    """
    found = os.stat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise BadConfiguration(f"{path} is no directory")
    if found.st_uid != os.geteuid():
        raise BadConfiguration(
            f"the state directory {path} belongs to user {found.st_uid}, and this "
            f"is user {os.geteuid()}: choose another one"
        )
    theirs = gateway is not None and found.st_gid == gateway.gid
    if found.st_mode & (0o027 if theirs else 0o077):
        raise BadConfiguration(
            f"others have access to the state directory {path}: chmod 700 {path}"
        )
    mode = 0o700
    if gateway is not None:
        os.chown(path, -1, gateway.gid)
        mode |= more
    if stat.S_IMODE(os.stat(path).st_mode) != mode:
        os.chmod(path, mode)
