"""
What a job asks for beside its command, as data.

Everything has a default, which asks for nothing.  Whether anybody may have it
is not known here, but in L{jobworker.bounds}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

#: The variable that every job has, and nobody else may set.
MARK: Final = "JOBWORKER_JOB_ID"

#: What a resource limit is that is none.
UNLIMITED: Final = -1

#: The resources that can be limited, as prlimit(1) calls them.
RESOURCES: Final = (
    "as",
    "core",
    "cpu",
    "data",
    "fsize",
    "memlock",
    "msgqueue",
    "nofile",
    "nproc",
    "rss",
    "sigpending",
    "stack",
)

Pairs: TypeAlias = tuple[tuple[str, str], ...]


def _pairs(
    value: Mapping[str, str | None] | Iterable[tuple[str, str | None]],
) -> tuple[tuple[str, str | None], ...]:
    """
    Make of a mapping what is the same for the same content.
    """
    items = value.items() if isinstance(value, Mapping) else value
    return tuple(sorted(items, key=lambda item: item[0]))


def _texts(value: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """
    Make of a mapping of texts what is the same for the same content.
    """
    items = value.items() if isinstance(value, Mapping) else value
    return tuple(sorted(items))


@frozen
class ResourceLimit:
    """
    A limit of what the processes of a job may use, see setrlimit(2).

    @ivar resource: One of L{RESOURCES}.
    @ivar soft: What is in force; L{UNLIMITED} for none.
    @ivar hard: As far as the job may raise it.
    """

    resource: str
    soft: int
    hard: int


def _limits(value: Iterable[ResourceLimit]) -> tuple[ResourceLimit, ...]:
    return tuple(sorted(value, key=lambda limit: limit.resource))


@frozen
class Input:
    """
    What a command finds on its standard input.

    @ivar digest: BLAKE2b of it, 32 bytes in hexadecimal.
    @ivar data: The bytes, until the job has been started: a record keeps only
        the others.
    """

    size: int
    digest: str
    data: bytes | None = field(default=None, eq=False, repr=False)

    @classmethod
    def of(cls, data: bytes) -> Input:
        """
        Make one of bytes.
        """
        return cls(len(data), blake2b(data, digest_size=32).hexdigest(), data)


@frozen
class Specification:
    """
    What a job asks for.

    @ivar environment: Variables that are set, or unset where the value is
        C{None}; sorted.
    @ivar directory: The absolute path of the working directory; empty for the
        usual one.
    @ivar umask: The file mode creation mask; C{None} for the usual one.
    @ivar nice: The niceness; C{None} for the usual one.
    @ivar timeout: Seconds after which the job is ended.
    @ivar idleTimeout: Seconds without output after which it is.
    @ivar stopSignal: The number of the signal that a stop sends which names
        none; 0 for SIGTERM.
    @ivar stopGrace: Seconds until what is left after such a stop is killed.
    @ivar labels: Names and values to find the job by; sorted.
    @ivar name: What people call the job; empty if nothing.
    @ivar key: A second start by the same owner with the same key is the same
        job; empty if no start is.
    @ivar input: What is on its standard input; C{None} for C{/dev/null}.
    @ivar user: Who it runs as, a name or number; empty for the supervisor's
        own user.
    @ivar group: The group that it runs as; empty for that of the user.
    """

    environment: tuple[tuple[str, str | None], ...] = field(
        default=(), converter=_pairs, repr=False
    )
    directory: str = ""
    umask: int | None = None
    nice: int | None = None
    limits: tuple[ResourceLimit, ...] = field(default=(), converter=_limits)
    timeout: float | None = None
    idleTimeout: float | None = None
    stopSignal: int = 0
    stopGrace: float | None = None
    labels: Pairs = field(default=(), converter=_texts)
    name: str = ""
    key: str = ""
    input: Input | None = None
    user: str = ""
    group: str = ""

    def remembered(self) -> Specification:
        """
        Leave out what is of no use once the job has been started.
        """
        if self.input is None or self.input.data is None:
            return self
        return evolve(self, input=evolve(self.input, data=None))

    def public(self) -> Specification:
        """
        Leave out the values of variables, which may be secrets.
        """
        if not self.environment:
            return self
        names = [(name, value and "") for name, value in self.environment]
        return evolve(self, environment=names)


#: What asks for nothing.
NOTHING: Final = Specification()
